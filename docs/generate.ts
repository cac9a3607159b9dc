/** `npm run docs`: writes the pages of docs/ that follow from the tables of lib/config. */
import { writeFileSync } from "node:fs";
import { referenceOf } from "../lib/cli/reference.ts";

writeFileSync(new URL("reference.md", import.meta.url), referenceOf("en"));
writeFileSync(new URL("reference.zh-CN.md", import.meta.url), referenceOf("zh"));
