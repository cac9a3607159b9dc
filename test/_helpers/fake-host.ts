/**
 * A host to deploy to without a network: programs named `ssh`, `docker` and `docker-compose`. The ssh runs what it is
 * given by `sh` (or what the file `login-shell` names) in the "host's" own home and detaches it, as sshd does: killing ssh ends only the streams.
 */
import { mkdtempSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Run, run } from "../../lib/system/process.ts";

export interface FakeHost {
  /** Where `ssh` leads: the home there. */
  readonly home: string;
  /** Runs programs, with this host's ssh in place of the system's. */
  readonly run: Run;
  /** For a program that is to find this host's ssh by itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** What docker and docker-compose were called with, one line a call, and what they read. */
  readonly calls: () => readonly string[];
  /** Every ssh command line, arguments separated by NUL. */
  readonly sshCalls: () => readonly string[];
  /** A file of the host, or `undefined`. */
  readonly read: (path: string) => string | undefined;
  /** Writes a file of the host; `on-NAME` beside `home` is a hook. */
  readonly write: (path: string, text: string) => void;
  /** Puts a program into the host's path. */
  readonly program: (name: string, text: string) => void;
  /** Waits until `path` is there. */
  readonly appears: (path: string) => Promise<string>;
  readonly remove: () => void;
}

const SSH = `#!/usr/bin/env bash
printf '%s\\0' "$@" >>"$ROOT/ssh.log"; printf '\\036' >>"$ROOT/ssh.log"
while [ "$1" != -- ]; do [ "$1" != -O ] || exit 0; shift; done
[ ! -f "$ROOT/ssh-fails-$2" ] || { cat "$ROOT/ssh-fails-$2" >&2; exit 255; }
[ ! -f "$ROOT/ssh-fails" ] || { cat "$ROOT/ssh-fails" >&2; exit 255; }
io=$(mktemp -d "$ROOT/io.XXXXXX"); mkfifo "$io/in" "$io/out" "$io/err"
cd "$ROOT/home" || exit
bash -c 'set -m; { env -i HOME="$ROOT/home" PATH="$ROOT/bin:/usr/bin:/bin" ROOT="$ROOT" $(cat "$ROOT/login-shell" 2>/dev/null || echo sh) -c "$2"; echo $? >"$1/code"; } <"$1/in" >"$1/out" 2>"$1/err" &' bash "$io" "$3"
cat >"$io/in" <&0 & in=$!
cat "$io/out" & out=$!
cat "$io/err" >&2 & err=$!
wait "$out" "$err"
kill "$in" 2>/dev/null
exit "$(cat "$io/code")"
`;

const DOCKER = readFileSync(fileURLToPath(new URL("fake-host-docker.sh", import.meta.url)), "utf8");

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Makes a host; `on` gives shell text in place of what docker does by itself, as in `{ pull: "exit 1" }`. */
export function fakeHost(on: Readonly<Record<string, string>> = {}): FakeHost {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "fake-host-")));
  const home = join(root, "home");
  const bin = join(root, "bin");
  mkdirSync(home);
  mkdirSync(bin);
  writeFileSync(join(root, "ssh"), SSH, { mode: 0o755 });
  writeFileSync(join(bin, "docker"), DOCKER, { mode: 0o755 });
  writeFileSync(join(bin, "docker-compose"), DOCKER, { mode: 0o755 });
  for (const [name, text] of Object.entries(on)) {
    writeFileSync(name.startsWith("ssh") ? join(root, name) : join(root, `on-${name}`), text);
  }
  const records = (name: string, separator: string): readonly string[] =>
    (readIfThere(join(root, name)) ?? "").split(separator).filter((record) => record !== "");
  return {
    home,
    run: ([program, ...args], options) =>
      run([program === "ssh" ? join(root, "ssh") : program, ...args], {
        ...options,
        env: { ...options?.env, ROOT: root },
      }),
    environment: { ROOT: root, PATH: `${root}:${process.env["PATH"]}` },
    calls: () => records("calls", "\n"),
    sshCalls: () => records("ssh.log", "\u001E"),
    read: (path) => readIfThere(join(root, path)),
    write: (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    program: (name, text) => writeFileSync(join(bin, name), text, { mode: 0o755 }),
    appears: async (path) => {
      for (let tries = 0; tries < 200; tries += 1) {
        const text = readIfThere(join(root, path));
        if (text !== undefined && text !== "") return text;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`${path} did not appear`);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
