/** Small projects, one rule of compose each: what images they have, and which are refused. */
import type { LoadOptions } from "../../lib/compose/project.ts";
import type { Files } from "./compose-folder.ts";

/** A service `name` with an image. */
export function service(name: string, image: string, rest = ""): string {
  return `services:\n  ${name}:\n    image: ${image}\n${rest}`;
}

/** What `imagesOf` gives for each. */
export const images: readonly [
  what: string,
  files: Files,
  images: readonly string[],
  options?: Partial<LoadOptions>,
][] = [
  // discovery
  ["compose.yaml comes first", { "compose.yaml": service("a", "x"), "docker-compose.yml": service("b", "y") }, ["a=x"]],
  [
    "docker-compose.yml before .yaml",
    { "docker-compose.yaml": service("a", "x"), "docker-compose.yml": service("b", "y") },
    ["b=y"],
  ],
  [
    "the override file joins in",
    { "compose.yml": service("a", "x"), "compose.override.yaml": service("a", "y") },
    ["a=y"],
  ],
  [
    "an override of the other name joins in",
    { "compose.yml": service("a", "x"), "docker-compose.override.yml": service("b", "y") },
    ["a=x", "b=y"],
  ],
  [
    "-f turns the override off",
    { "compose.yml": service("a", "x"), "compose.override.yml": service("a", "y") },
    ["a=x"],
    { files: ["compose.yml"] },
  ],
  [
    "several -f in order",
    { "1.yml": service("a", "x"), "2.yml": service("a", "y"), "3.yml": service("b", "z") },
    ["a=y", "b=z"],
    { files: ["1.yml", "2.yml", "3.yml"] },
  ],
  [
    "COMPOSE_FILE with its separator",
    { "1.yml": service("a", "x"), "2.yml": service("b", "y") },
    ["a=x", "b=y"],
    { environment: { COMPOSE_FILE: "1.yml;2.yml", COMPOSE_PATH_SEPARATOR: ";" } },
  ],
  [
    "COMPOSE_FILE from .env",
    { ".env": "COMPOSE_FILE=1.yml:2.yml\n", "1.yml": service("a", "x"), "2.yml": service("b", "y") },
    ["a=x", "b=y"],
  ],
  [
    "-f beats COMPOSE_FILE",
    { "1.yml": service("a", "x"), "2.yml": service("b", "y") },
    ["b=y"],
    { files: ["2.yml"], environment: { COMPOSE_FILE: "1.yml" } },
  ],
  // environment
  [".env", { ".env": "TAG=7\n", "compose.yml": service("a", "x:${TAG}") }, ["a=x:7"]],
  [
    "the process environment beats .env",
    { ".env": "TAG=7\n", "compose.yml": service("a", "x:${TAG}") },
    ["a=x:8"],
    { environment: { TAG: "8" } },
  ],
  [
    "--env-file replaces .env, later files win",
    {
      ".env": "TAG=7\nV=1\n",
      one: "TAG=1\nA=1\n",
      two: "TAG=2\nB=${TAG}${A}\n",
      "compose.yml": service("a", "x:${TAG}-${B}-${V:-no}"),
    },
    ["a=x:2-21-no"],
    { envFiles: ["one", "two"] },
  ],
  [
    "COMPOSE_ENV_FILES",
    { one: "TAG=1\n", "compose.yml": service("a", "x:${TAG}") },
    ["a=x:1"],
    { environment: { COMPOSE_ENV_FILES: "one" } },
  ],
  [
    "COMPOSE_DISABLE_ENV_FILE",
    { ".env": "TAG=1\n", "compose.yml": service("a", "x:${TAG-none}") },
    ["a=x:none"],
    { environment: { COMPOSE_DISABLE_ENV_FILE: "true" } },
  ],
  [
    "the .env beside the first -f",
    { ".env": "TAG=outer\n", "p/.env": "TAG=inner\n", "p/compose.yml": service("a", "x:${TAG}") },
    ["a=x:inner"],
    { files: ["p/compose.yml"] },
  ],
  [
    "the project's name is a variable",
    { "compose.yml": `name: My_App\n${service("a", "x:${COMPOSE_PROJECT_NAME}")}` },
    ["a=x:my_app"],
  ],
  // YAML
  [
    "quotes and comments",
    { "compose.yml": `services:\n  a:\n    image: "x:1" # one\n  b: {image: 'y'}\n` },
    ["a=x:1", "b=y"],
  ],
  [
    "block scalars",
    { "compose.yml": "services:\n  a:\n    image: >-\n      x:1\n\n  b:\n    image: |-\n      y\n" },
    ["a=x:1", "b=y"],
  ],
  ["byte order mark and CRLF", { "compose.yml": `\uFEFF${service("a", "x:1").replaceAll("\n", "\r\n")}` }, ["a=x:1"]],
  ["UTF-16", { "compose.yml": Buffer.from(`\uFEFF${service("a", "x:1")}`, "utf16le") }, ["a=x:1"]],
  ["JSON", { "compose.yml": '{"services": {"a": {"image": "x:1", "environment": {"K": "v"}}}}' }, ["a=x:1"]],
  ["several documents", { "compose.yml": `${service("a", "x")}---\n${service("a", "y")}` }, ["a=y"]],
  [
    "words that are not booleans",
    { "compose.yml": "services:\n  a:\n    image: yes\n  no:\n    image: on\n" },
    ["a=yes", "no=on"],
  ],
  ["a string by its tag", { "compose.yml": service("a", "!!str 1.0") }, ["a=1.0"]],
  ["a quoted number", { "compose.yml": service("a", '"1_000"') }, ["a=1_000"]],
  [
    "anchors, aliases and merge keys",
    {
      "compose.yml":
        "x-i: &i x:1\nx-s: &s {image: y, profiles: [p]}\nservices:\n  a: {image: *i}\n  b: {<<: *s}\n  c: &c {image: z}\n  d: *c\n",
    },
    ["a=x:1", "b=y", "c=z", "d=z"],
  ],
  [
    "merge keys: the mapping wins, then the first of a list",
    {
      "compose.yml":
        "x-1: &1 {image: x}\nx-2: &2 {image: y}\nservices:\n  a: {<<: [*1, *2]}\n  b: {image: z, <<: *1}\n  c: {<<: [{image: w}, *2]}\n",
    },
    ["a=x", "b=z", "c=w"],
  ],
  ["a merge key on an alias of a list", { "compose.yml": "x-1: &1 [{image: x}]\nservices:\n  a: {<<: *1}\n" }, ["a=x"]],
  [
    "anchors before variables",
    { "compose.yml": "x-i: &i x:${TAG}\nservices:\n  a: {image: *i}\n" },
    ["a=x:1"],
    { environment: { TAG: "1" } },
  ],
  ["a second anchor of one name", { "compose.yml": "x-1: &i x\nx-2: &i y\nservices:\n  a: {image: *i}\n" }, ["a=y"]],
  [
    "extension fields, models and develop are left alone",
    {
      "compose.yml": `x-a: {services: {z: {image: q}}}\nmodels: {m: {model: ai/m}}\n${service("a", "x", "    develop: {watch: [{path: ., action: rebuild}]}\n    x-b: 1\n")}`,
    },
    ["a=x"],
  ],
  [
    "flow collections and quotes indented less than YAML asks, which go-yaml reads",
    {
      "compose.yml":
        "services:\n  a:\n    command: [\n    'x',\n  y\n]\n    image: x\n  b:\n    command: \"one\n    two\ntwo\"\n    labels: {k: 'it''s\n\n  this'}\n    image: y\n  c: {\nimage: z\n}\n",
    },
    ["a=x", "b=y", "c=z"],
  ],
  // build, provider, jobs
  [
    "build alone, build with image",
    { "compose.yml": "services:\n  a: {build: .}\n  b: {build: {context: .}, image: x}\n" },
    ["a=!", "b=x!"],
  ],
  ["an empty image beside a build", { "compose.yml": "services:\n  a: {build: ., image: '${UNSET:-}'}\n" }, ["a=!"]],
  ["a provider", { "compose.yml": "services:\n  a: {provider: {type: model}}\n" }, ["a=!"]],
  [
    "jobs have images too",
    { "compose.yml": `${service("a", "x")}jobs:\n  j:\n    image: y\n    triggers: {manual: true}\n` },
    ["a=x", "j=y"],
  ],
  // merge
  [
    "a later null keeps the image",
    { "1.yml": service("a", "x"), "2.yml": service("a", "") },
    ["a=x"],
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "a later build is added",
    { "1.yml": service("a", "x"), "2.yml": "services: {a: {build: .}}" },
    ["a=x!"],
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "!reset of an attribute",
    { "1.yml": "services: {a: {image: x, build: .}}", "2.yml": "services: {a: {build: !reset null}}" },
    ["a=x"],
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "!reset of a service",
    { "1.yml": "services: {a: {image: x}, b: {image: y}}", "2.yml": "services: {a: !reset null}" },
    ["b=y"],
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "!override of a service",
    { "1.yml": "services: {a: {image: x, build: .}}", "2.yml": "services: {a: !override {image: z}}" },
    ["a=z"],
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "a tag reached through an alias and a merge key",
    {
      "1.yml": "services: {a: {image: x, build: .}, b: {image: y, build: .}}",
      "2.yml": "x-r: &r !reset null\nx-m: &m {build: !reset null}\nservices: {a: {build: *r}, b: {<<: *m}}",
    },
    ["a=x", "b=y"],
    { files: ["1.yml", "2.yml"] },
  ],
  // extends
  [
    "extends in the file",
    { "compose.yml": "services: {a: {extends: b}, b: {image: x}, c: {extends: {service: a}, image: y}}" },
    ["a=x", "b=x", "c=y"],
  ],
  [
    "extends another file, and from there another",
    {
      "compose.yml": "services: {a: {extends: {file: p/base.yml, service: b}}}",
      "p/base.yml": "services: {b: {extends: {file: q/deep.yml, service: c}}}",
      "p/q/deep.yml": "services: {c: {extends: d}, d: {image: 'x:${TAG:-1}'}}",
    },
    ["a=x:1"],
  ],
  [
    "what extends brings: build and profiles, not unrelated services",
    {
      "compose.yml": "services: {a: {extends: {file: base.yml, service: b}, profiles: [q]}}",
      "base.yml": "services: {b: {build: ., profiles: [p]}, z: {image: '${BAD:-z}'}}",
    },
    ["a=!"],
    { profiles: ["p"] },
  ],
  [
    "!reset takes out what extends brings",
    { "compose.yml": "services: {a: {extends: b, build: !reset null}, b: {image: x, build: .}}" },
    ["a=x", "b=x!"],
  ],
  [
    "an extended service without anything",
    {
      "compose.yml": "services: {a: {extends: {file: base.yml, service: b}, image: x}}",
      "base.yml": "services: {b: }",
    },
    ["a=x"],
  ],
  // include
  [
    "include, short",
    { "compose.yml": `include: [p/in.yml]\n${service("a", "x")}`, "p/in.yml": service("b", "y") },
    ["a=x", "b=y"],
  ],
  [
    "include, long: several paths, own env file",
    {
      ".env": "TAG=outer\n",
      "compose.yml": "include: [{path: [p/1.yml, p/2.yml], env_file: [e]}]",
      e: "TAG=own\nV=v\n",
      "p/1.yml": service("a", "x:${TAG}-${V}"),
      "p/2.yml": service("a", "y:${TAG}-${V}"),
    },
    ["a=y:outer-v"],
  ],
  [
    "the .env beside an included file",
    { "compose.yml": "include: [p/in.yml]", "p/.env": "V=1\n", "p/in.yml": service("a", "x:${V}") },
    ["a=x:1"],
  ],
  [
    "project_directory",
    {
      "compose.yml": "include: [{path: p/in.yml, project_directory: q}]",
      "p/in.yml": "include: [deep.yml]\nservices: {a: {extends: {file: base.yml, service: b}}}",
      "q/.env": "V=1\n",
      "q/base.yml": service("b", "x:${V}"),
      "q/deep.yml": service("d", "z:${V}"),
    },
    ["a=x:1", "d=z:1"],
  ],
  [
    "/dev/null as env file",
    {
      "compose.yml": "include: [{path: p/in.yml, env_file: /dev/null}]",
      "p/.env": "V=1\n",
      "p/in.yml": service("a", "x:${V-0}"),
    },
    ["a=x:0"],
  ],
  [
    "the including file wins",
    { "compose.yml": `include: [in.yml]\n${service("a", "x")}`, "in.yml": service("a", "y") },
    ["a=x"],
  ],
  [
    "an included service can be extended",
    { "compose.yml": "include: [in.yml]\nservices: {a: {extends: b}}", "in.yml": service("b", "y") },
    ["a=y", "b=y"],
  ],
  [
    "one file reached by two includes",
    {
      "compose.yml": "include: [1.yml, 2.yml]",
      "1.yml": "include: [deep.yml]",
      "2.yml": "include: [deep.yml]",
      "deep.yml": service("a", "x"),
    },
    ["a=x"],
  ],
  [
    "of two includes the first wins",
    { "compose.yml": "include: [1.yml, 2.yml]", "1.yml": service("a", "x"), "2.yml": service("a", "y") },
    ["a=x"],
  ],
  [
    "dependencies that meet again are no circle",
    {
      "compose.yml":
        "services: {a: {image: x, depends_on: [b, c]}, b: {image: y, depends_on: [d]}, c: {image: z, depends_on: [d]}, d: {image: w}}",
    },
    ["a=x", "b=y", "c=z", "d=w"],
  ],
  // profiles
  [
    "all of them unless chosen",
    { "compose.yml": "services: {a: {image: x}, b: {image: y, profiles: [p]}}" },
    ["a=x", "b=y"],
  ],
  [
    "chosen",
    { "compose.yml": "services: {a: {image: x}, b: {image: y, profiles: [p]}, c: {image: z, profiles: [q]}}" },
    ["a=x", "b=y"],
    { profiles: ["p"] },
  ],
  [
    "every one by name",
    { "compose.yml": "services: {a: {image: x, profiles: [q]}, b: {image: y, profiles: [p]}}" },
    ["a=x", "b=y"],
    { profiles: ["*"] },
  ],
  [
    "COMPOSE_PROFILES of the environment narrows",
    { "compose.yml": "services: {a: {image: x, profiles: [q]}, b: {image: y, profiles: [p]}}" },
    ["b=y"],
    { environment: { COMPOSE_PROFILES: " p , r" } },
  ],
  [
    "COMPOSE_PROFILES of .env does not",
    { ".env": "COMPOSE_PROFILES=p\n", "compose.yml": "services: {a: {image: x, profiles: [q]}}" },
    ["a=x"],
  ],
  [
    "a service outside the choice is not checked",
    { "compose.yml": "services: {a: {image: x}, b: {profiles: [q], command: [y]}}" },
    ["a=x"],
    { profiles: ["p"] },
  ],
  [
    "a dependency that is not required may be missing",
    {
      "compose.yml":
        "services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}}, b: {image: y, profiles: [q]}}",
    },
    ["a=x"],
    { profiles: ["p"] },
  ],
];

/** The error of each, and what its message says. */
export const refused: readonly [
  what: string,
  files: Files,
  code: string,
  says: RegExp,
  options?: Partial<LoadOptions>,
][] = [
  ["no file", {}, "compose-not-found", /no compose file found/],
  ["a missing -f", {}, "file-read", /x\.yml/, { files: ["x.yml"] }],
  ["a folder as -f", { "d/x": "" }, "file-read", /a folder/, { files: ["d"] }],
  ["standard input", {}, "compose-stdin", /standard input/, { files: ["-"] }],
  ["a missing env file", { "compose.yml": service("a", "x") }, "file-read", /no-such/, { envFiles: ["no-such"] }],
  ["a remote file", {}, "compose-remote", /oci:\/\/x/, { files: ["oci://x/y"] }],
  ["bad YAML, with its place", { "compose.yml": "services:\n  a: [\n" }, "compose-yaml", /compose\.yml:\d+:\d+/],
  ["bad indentation", { "compose.yml": "services:\n  a:\n    image: x\n   b: 1\n" }, "compose-yaml", /compose\.yml:4:/],
  ["a tab", { "compose.yml": "services:\n\ta: 1\n" }, "compose-yaml", /compose\.yml:2:/],
  [
    "a duplicate key",
    { "compose.yml": "services:\n  a: {image: x}\n  a: {image: y}\n" },
    "compose-yaml",
    /compose\.yml:3:3.*"a" is already/,
  ],
  [
    "a directive for another YAML",
    { "compose.yml": `%YAML 1.2\n---\n${service("a", "x")}` },
    "compose-yaml",
    /YAML 1\.1, not 1\.2/,
  ],
  [
    "two merge keys",
    { "compose.yml": "x-1: &1 {a: b}\nservices:\n  a: {<<: *1, <<: *1}\n" },
    "compose-yaml",
    /"<<" is already/,
  ],
  [
    "an unknown anchor",
    { "compose.yml": "services:\n  a: {image: *no}\n" },
    "compose-yaml",
    /:2:14.*unknown anchor "no"/,
  ],
  ["an anchor within itself", { "compose.yml": "services: &s\n  a: *s\n" }, "compose-yaml", /contains itself/],
  ["a merge key on a string", { "compose.yml": "services:\n  a: {<<: x}\n" }, "compose-yaml", /merge key/],
  ["a key that is no string", { "compose.yml": "services:\n  1: {image: x}\n" }, "compose-yaml", /:2:3.*string/],
  ["a control character", { "compose.yml": "services:\n  a: {image: 'x\u0007'}\n" }, "compose-yaml", /:2:16.*control/],
  ["not UTF-8", { "compose.yml": Uint8Array.of(0x61, 0xff, 0x3a) }, "file-read", /UTF-8/],
  ["a list on top", { "compose.yml": "- a\n" }, "compose-invalid", /mapping/],
  ["an empty document", { "compose.yml": `${service("a", "x")}---\n` }, "compose-invalid", /mapping/],
  ["an empty file", { "compose.yml": "# nothing\n" }, "compose-empty", /no services/],
  ["no services", { "compose.yml": "networks: {}\n" }, "compose-empty", /no services/],
  ["services as a list", { "compose.yml": "services: [a]\n" }, "compose-invalid", /:1:11.*services must be a mapping/],
  [
    "a service as a string",
    { "compose.yml": "services: {a: x}\n" },
    "compose-invalid",
    /services\.a must be a mapping/,
  ],
  ["a service with nothing", { "compose.yml": "services:\n  a:\n" }, "compose-invalid", /services\.a/],
  [
    "a service name with odd characters",
    { "compose.yml": "services: {'a b': {image: x}}\n" },
    "compose-invalid",
    /"a b"/,
  ],
  [
    "neither image nor build",
    { "compose.yml": "services:\n  a:\n    profiles: [p]\n" },
    "compose-no-image",
    /"a" has neither.*:3:/,
  ],
  [
    "an image that became empty",
    { "compose.yml": "services: {a: {image: '${NO:-}'}}\n" },
    "compose-image-empty",
    /"a"/,
  ],
  ["a number as image", { "compose.yml": service("a", "1.0") }, "compose-invalid", /:3:12.*image must be a string/],
  ["a boolean as image", { "compose.yml": service("a", "True") }, "compose-invalid", /image must be a string/],
  ["an octal as image", { "compose.yml": service("a", "0o17") }, "compose-invalid", /image must be a string/],
  [
    "a number with underscores as image",
    { "compose.yml": service("a", "1_000") },
    "compose-invalid",
    /image must be a string/,
  ],
  ["a date as image", { "compose.yml": service("a", "2001-01-01") }, "compose-invalid", /image must be a string/],
  ["a list as image", { "compose.yml": service("a", "[x]") }, "compose-invalid", /image must be a string/],
  ["a null as image", { "compose.yml": service("a", "~") }, "compose-invalid", /image must be a string/],
  [
    "profiles as a string",
    { "compose.yml": service("a", "x", "    profiles: p\n") },
    "compose-invalid",
    /:4:15.*profiles/,
  ],
  [
    "an override of another kind",
    { "1.yml": "services: {a: {image: x, profiles: [p]}}", "2.yml": "services: {a: {profiles: q}}" },
    "compose-invalid",
    /2\.yml:1:.*sequence at .*1\.yml/,
    { files: ["1.yml", "2.yml"] },
  ],
  [
    "a required variable, with its place",
    { "compose.yml": service("a", "x:${TAG:?say the tag}") },
    "variable-required",
    /say the tag \(services\.a\.image at .*compose\.yml:3:12\)/,
  ],
  [
    "a required variable in another attribute",
    { "compose.yml": service("a", "x", "    environment:\n      - K=${NO?why}\n") },
    "variable-required",
    /services\.a\.environment at .*:5:9/,
  ],
  [
    "an invalid template",
    { "compose.yml": service("a", "'x:${TAG'") },
    "interpolation-invalid",
    /services\.a\.image at .*:3:12/,
  ],
  [
    "an extended service that is missing",
    { "compose.yml": "services: {a: {extends: b}}" },
    "compose-invalid",
    /"a" extends "b"/,
  ],
  [
    "an extended file that is missing",
    { "compose.yml": "services: {a: {extends: {file: no.yml, service: b}}}" },
    "file-read",
    /no\.yml/,
  ],
  [
    "extends without a service",
    { "compose.yml": "services: {a: {extends: {file: no.yml}}}" },
    "compose-invalid",
    /name a service/,
  ],
  [
    "extends in a circle",
    { "compose.yml": "services: {a: {extends: b}, b: {extends: a}}" },
    "compose-cycle",
    /extends.*circle.*a in .*b in .*a in/,
  ],
  [
    "extends in a circle over files",
    {
      "compose.yml": "services: {a: {extends: {file: 2.yml, service: b}}}",
      "2.yml": "services: {b: {extends: {file: compose.yml, service: a}}}",
    },
    "compose-cycle",
    /circle/,
  ],
  [
    "include in a circle",
    { "compose.yml": "include: [2.yml]", "2.yml": "include: [compose.yml]" },
    "compose-cycle",
    /include.*compose\.yml → .*2\.yml → .*compose\.yml/,
  ],
  ["a file that includes itself", { "compose.yml": "include: [compose.yml]" }, "compose-cycle", /circle/],
  ["an included file that is missing", { "compose.yml": "include: [no.yml]" }, "file-read", /no\.yml/],
  [
    "a missing env file of an include",
    { "compose.yml": "include: [{path: in.yml, env_file: no}]", "in.yml": service("a", "x") },
    "file-read",
    /no"/,
  ],
  [
    "a remote include",
    { "compose.yml": "include:\n  - https://github.com/x/y.git\n" },
    "compose-remote",
    /y\.git.*:2:5/,
  ],
  ["include as a string", { "compose.yml": "include: in.yml\n" }, "compose-invalid", /include must be a list/],
  [
    "a dependency that does not exist",
    { "compose.yml": service("a", "x", "    depends_on: [b]\n") },
    "compose-invalid",
    /"a" depends on "b", which is not defined/,
  ],
  [
    "a dependency that is not chosen",
    { "compose.yml": "services: {a: {image: x, depends_on: [b]}, b: {image: y, profiles: [q]}}" },
    "compose-invalid",
    /no active profile/,
    { profiles: ["p"] },
  ],
  [
    "services that wait for each other",
    {
      "compose.yml":
        "services: {a: {image: x, depends_on: [b, c]}, b: {image: y, links: [c]}, c: {image: z, ipc: 'service:a'}}",
    },
    "compose-cycle",
    /depends_on runs in a circle: .* → /,
  ],
  [
    "a job with a service's name",
    { "compose.yml": "services: {a: {image: x}}\njobs: {a: {image: y}}" },
    "compose-invalid",
    /jobs\.a/,
  ],
  [
    "a project name that cannot be one",
    { "compose.yml": service("a", "x") },
    "project-name-invalid",
    /"My App"/,
    { environment: { COMPOSE_PROJECT_NAME: "My App" } },
  ],
];
