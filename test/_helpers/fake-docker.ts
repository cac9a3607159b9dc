/**
 * A program named `docker` over a folder: `remote/NAME` holds an image's platform and digest, `local/NAME` what was
 * pulled, `pushed/NAME` what was pushed. Slashes in names are `%`. A file `fails-ACTION` holds lines `TIMES MESSAGE`:
 * so many calls of that action fail with that message. Every call is one line of `calls`.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Run, run } from "../../lib/system/process.ts";

export interface FakeImage {
  /** What is in the registry under the name. */
  readonly platform: string;
  readonly digest: string;
  /** The entries of an index; the image itself is then what an engine of no care would take. */
  readonly index?: Readonly<Record<string, string>>;
}

export interface FakeDocker {
  /** For PATH, with ROOT set to it too. */
  readonly folder: string;
  /** Runs programs, with this one in place of `docker`. */
  readonly run: Run;
  readonly calls: () => readonly string[];
  readonly offer: (name: string, image: FakeImage) => void;
  readonly fail: (action: string, times: number, message: string) => void;
  readonly local: () => readonly string[];
  /** What the last login read. */
  readonly password: () => string;
  readonly remove: () => void;
}

const DOCKER = `#!/usr/bin/env bash
key() { printf %s "\${1//\\//%}"; }
printf '%s\\n' "$*" >>"$ROOT/calls"
fails() {
  [ -s "$ROOT/fails-$1" ] || return 1
  read -r times message <"$ROOT/fails-$1"
  if [ "$times" -gt 1 ]; then echo "$((times - 1)) $message" >"$ROOT/fails-$1"; else rm "$ROOT/fails-$1"; fi
  echo "$message" >&2
}
case "$1 $2" in
"image inspect")
  fails inspect && exit 1
  file="$ROOT/local/$(key "$3")"
  [ -f "$file" ] || { echo "Error: No such image: $3" >&2; exit 1; }
  read -r platform digest <"$file"
  IFS=/ read -r os arch variant <<<"$platform"
  repositories=
  for each in "$ROOT"/known/*; do
    [ -f "$each" ] && [ "$(cat "$each")" = "$digest" ] && name=$(basename "$each") && repositories+=",\\"\${name//%//}\\""
  done
  printf '[{"Id":"id-%s","Os":"%s","Architecture":"%s","Variant":"%s","Size":1234,"RepoDigests":[%s]}]\\n' \\
    "$digest" "$os" "$arch" "$variant" "\${repositories#,}" ;;
"manifest inspect")
  cat "$ROOT/index/$(key "$3")" 2>/dev/null || { echo "no such manifest" >&2; exit 1; } ;;
"pull --platform")
  fails pull && exit 1
  file="$ROOT/remote/$(key "$4")"
  [ -f "$file" ] || { echo "manifest unknown" >&2; exit 1; }
  cp "$file" "$ROOT/local/$(key "$4")"
  read -r platform digest <"$file"
  name=\${4%@*}; case \${name##*/} in *:*) name=\${name%:*} ;; esac
  echo "$digest" >"$ROOT/known/$(key "$name@$digest")" ;;
"version --format") fails version && exit 1; echo 26.1.4 ;;
"info --format") echo "$ROOT" ;;
"tag "*)
  cp "$ROOT/local/$(key "$2")" "$ROOT/local/$(key "$3")" ;;
"push "*)
  fails push && exit 1
  echo "\${DOCKER_CONFIG:-} $(cat "$DOCKER_CONFIG/config.json" 2>/dev/null)" >>"$ROOT/pushed-with"
  read -r platform digest <"$ROOT/local/$(key "$2")"
  echo "layer: Pushed"; echo "tag: digest: $digest size: 10"
  echo "$digest" >"$ROOT/known/$(key "\${2%:*}@$digest")" ;;
"login "*)
  cat >"$ROOT/password"
  # What it found of the user's, as the program would see it, and what it leaves.
  if [ -n "$DOCKER_CONFIG" ]; then
    cp -r "$DOCKER_CONFIG" "$ROOT/seen" && stat -c '%a' "$DOCKER_CONFIG" >"$ROOT/mode"
    echo "{\\"auths\\":{\\"$4\\":{\\"auth\\":\\"of this run\\"}}}" >"$DOCKER_CONFIG/config.json"
  fi
  echo "$DOCKER_CONFIG" >>"$ROOT/login-at"
  fails login && exit 1
  exit 0 ;;
esac
`;

/** A name as a file's name. */
function key(name: string): string {
  return name.replaceAll("/", "%");
}

export function fakeDocker(): FakeDocker {
  const root = mkdtempSync(join(tmpdir(), "fake-docker-"));
  for (const folder of ["remote", "local", "known", "index"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "docker"), DOCKER, { mode: 0o755 });
  writeFileSync(join(root, "calls"), "");
  return {
    folder: root,
    run: ([program, ...args], options) =>
      run([program === "docker" ? join(root, "docker") : program, ...args], {
        ...options,
        env: { ...options?.env, ROOT: root },
      }),
    calls: () => readFileSync(join(root, "calls"), "utf8").split("\n").slice(0, -1),
    offer: (name, { platform, digest, index }) => {
      writeFileSync(join(root, "remote", key(name)), `${platform} ${digest}\n`);
      if (index === undefined) return;
      const manifests = Object.entries(index).map(([each, childDigest]) => {
        const [os, architecture, variant] = each.split("/");
        return { digest: childDigest, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
      });
      writeFileSync(join(root, "index", key(name)), JSON.stringify({ schemaVersion: 2, manifests }));
    },
    fail: (action, times, message) => writeFileSync(join(root, `fails-${action}`), `${times} ${message}\n`),
    local: () => readdirSync(join(root, "local")).map((name) => name.replaceAll("%", "/")),
    password: () => readFileSync(join(root, "password"), "utf8"),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
