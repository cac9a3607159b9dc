/** A password that sings: the forms it may leak in, and the places where it must not be found. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const USER = "canary-user";
/** What makes parsers, shells, URLs and JSON stumble, around a core that every form but base64 keeps. */
const CORE = "c4n4ry5ong";
export const PASSWORD = `a"'$x${CORE}\\%!&:@/+# ü`;

/** What a release on a host keeps of the values it ran with. */
const KEPT = /\/\.compose-mirror\/releases\/[^/]+\/files\/\.env$/;

/** The names by which a leak is told, and what is searched for. */
const FORMS: readonly (readonly [name: string, text: string])[] = [
  // as it is, in a URL, in JSON, in a shell's quotes
  ["plain", CORE],
  ["base64 of the login", bare(`${USER}:${PASSWORD}`)],
  ["base64 of the password", bare(PASSWORD)],
  ["hexadecimal", Buffer.from(CORE).toString("hex")],
];

/** Base64 as far as it is the same whatever follows, and with or without padding. */
function bare(text: string): string {
  return Buffer.from(text).toString("base64").slice(0, 20);
}

/** What of the password is in `text`; `undefined` when nothing is. */
export function leakIn(text: string): string | undefined {
  const found = FORMS.find(([, form]) => text.includes(form));
  return found?.[0];
}

/** Every regular file below `folder` that holds a form, but for those in `allowed` (absolute paths). */
export function leaksBelow(folder: string, allowed: ReadonlySet<string>): readonly string[] {
  const leaks: string[] = [];
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    if (leakIn(path) !== undefined) leaks.push(`${path}: its name`);
    if (!stat?.isFile() || allowed.has(path) || KEPT.test(path)) return;
    const form = leakIn(readFileSync(path, "latin1")) ?? leakIn(readFileSync(path, "utf8"));
    if (form !== undefined) leaks.push(`${path}: ${form}`);
  };
  visit(folder);
  return leaks;
}

/** Looks at the arguments of every process until it is stopped; nothing where there is no /proc. */
export function watchProcesses(): { stop(): readonly string[] } {
  const leaks = new Set<string>();
  const look = (): void => {
    let names: readonly string[];
    try {
      names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    } catch {
      return;
    }
    for (const name of names) {
      let words: string;
      try {
        words = readFileSync(`/proc/${name}/cmdline`, "utf8");
      } catch {
        // it has ended
        continue;
      }
      const form = leakIn(words);
      if (form !== undefined) leaks.add(`${words.split("\0")[0]}: ${form} in its arguments`);
    }
  };
  const timer = setInterval(look, 10);
  return {
    stop: () => {
      clearInterval(timer);
      return [...leaks];
    },
  };
}
