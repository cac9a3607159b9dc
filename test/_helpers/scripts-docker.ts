/** A program named `docker` that knows a few images, for running the generated scripts as they are. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, type Ran } from "../../lib/system/process.ts";

export interface DockerWorld {
  /** What a pull of a name brings: the platform that inspect then tells. Any other pull fails. */
  readonly pulls?: Readonly<Record<string, string>>;
  /** What `docker manifest inspect` prints of a name. */
  readonly manifests?: Readonly<Record<string, string>>;
  /** Names on this machine and their platforms. */
  readonly local?: Readonly<Record<string, string>>;
  /** Names whose push is refused. */
  readonly denied?: readonly string[];
  /** The daemon is not running. */
  readonly down?: boolean;
  /** The first pull or push is cut short, as by Ctrl-C. */
  readonly interrupted?: boolean;
  /** Inspect knows no variant, as podman's. */
  readonly withoutVariant?: boolean;
}

export interface ScriptRun extends Ran {
  /** Every call's arguments but those of `version` and `image inspect`, joined by blanks. */
  readonly calls: readonly string[];
  /** Names on this machine and their platforms afterwards. */
  readonly local: Readonly<Record<string, string>>;
  /** What lies in the folder that the script ran in. */
  readonly files: readonly string[];
}

const DOCKER = `#!/usr/bin/env bash
key() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \\n'; }
fail() { echo "$1" >&2; exit 1; }
case $1 in version | image) ;; *) printf '%s\\0' "$*" >>"$ROOT/calls" ;; esac
case $1 in pull | push) [ ! -e "$ROOT/interrupted" ] || { kill -TERM "$PPID"; exit 1; } ;; esac
case "$1 $2" in
"version ") [ ! -e "$ROOT/down" ] || fail 'Cannot connect to the Docker daemon' ;;
"pull --platform") cp "$ROOT/pulls/$(key "$4")" "$ROOT/local/$(key "$4")" 2>/dev/null || fail 'manifest unknown' ;;
"manifest inspect")
  [ "$DOCKER_CLI_EXPERIMENTAL" = enabled ] || fail 'docker manifest inspect is only supported with experimental on'
  cat "$ROOT/manifests/$(key "$3")" 2>/dev/null || fail 'no such manifest' ;;
"image inspect")
  platform=$(cat "$ROOT/local/$(key "$5")" 2>/dev/null) || fail 'No such image'
  case "$3 $4" in
  "--format {{.Os}}/{{.Architecture}}{{with .Variant}}/{{.}}{{end}}")
    [ ! -e "$ROOT/withoutVariant" ] || { echo "$platform"; fail "can't evaluate field Variant"; }
    echo "$platform" ;;
  "--format {{.Os}}/{{.Architecture}}") echo "$platform" | cut -d/ -f1,2 ;;
  *) fail 'unknown format' ;;
  esac ;;
tag*)
  case $3 in *@*) fail 'refusing to create a tag with a digest reference' ;; esac
  cp "$ROOT/local/$(key "$2")" "$ROOT/local/$(key "$3")" 2>/dev/null || fail 'No such image' ;;
push*)
  [ ! -e "$ROOT/denied/$(key "$2")" ] || fail 'denied: requested access to the resource is denied'
  [ -e "$ROOT/local/$(key "$2")" ] || fail 'An image does not exist locally' ;;
*) fail "unknown command $*" ;;
esac
`;

/** Runs `script` by bash with this docker and the system's own programs. */
export async function runWithDocker(script: string, world: DockerWorld): Promise<ScriptRun> {
  const root = mkdtempSync(join(tmpdir(), "scripts-"));
  const path = (name: string): string => join(root, name);
  const put = (name: string, table: Readonly<Record<string, string>>): void => {
    mkdirSync(path(name));
    for (const [key, value] of Object.entries(table)) writeFileSync(join(path(name), hex(key)), value);
  };
  try {
    put("pulls", world.pulls ?? {});
    put("manifests", world.manifests ?? {});
    put("local", world.local ?? {});
    put("denied", Object.fromEntries((world.denied ?? []).map((name) => [name, ""])));
    for (const flag of ["down", "interrupted", "withoutVariant"] as const) {
      if (world[flag]) writeFileSync(path(flag), "");
    }
    for (const folder of ["bin", "work"]) mkdirSync(path(folder));
    writeFileSync(path("calls"), "");
    writeFileSync(path("bin/docker"), DOCKER, { mode: 0o755 });
    writeFileSync(path("script.sh"), script);
    const ran = await run(["bash", path("script.sh")], {
      cwd: path("work"),
      env: { ROOT: root, PATH: `${path("bin")}:/usr/bin:/bin` },
    });
    const held = readdirSync(path("local")).toSorted();
    return {
      ...ran,
      calls: readFileSync(path("calls"), "utf8").split("\0").slice(0, -1),
      local: Object.fromEntries(
        held.map((name) => [Buffer.from(name, "hex").toString(), readFileSync(join(path("local"), name), "utf8")]),
      ),
      files: readdirSync(path("work")),
    };
  } finally {
    rmSync(root, { recursive: true });
  }
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
