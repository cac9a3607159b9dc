/**
 * Paths in services and resources, relative to one folder. Compose resolves a relative path against the folder of the
 * project, of an `include`, or of the extended file it is written in; so before definitions of different folders are
 * merged, their paths are rewritten relative to the project's folder. Absolute paths and those below `~` belong to
 * the machine that runs the project and stay (compose-go's paths package, resolve.go).
 */
import { relative, resolve } from "node:path";
import type { Scalar, Value } from "./document.ts";
import { type Entries, entryAt, mapEntries, mapEntry, mapItems, mapScalar, mapScalars, textOf } from "./values.ts";

/** Writes paths that are relative to `from` relative to `folder`; both are absolute. */
export class Rebase {
  readonly #from: string;
  readonly #folder: string;

  constructor(from: string, folder: string) {
    this.#from = from;
    this.#folder = folder;
  }

  /** The attributes of a service. */
  service(attributes: Entries): Entries {
    if (this.#from === this.#folder) return attributes;
    return mapEntry(this.#container(attributes), "pre_start", (hooks) =>
      mapItems(hooks, (hook) => this.#container(hook)),
    );
  }

  /** A top-level config or secret, or a volume that a local folder is bound to. */
  resource(value: Value): Value {
    if (this.#from === this.#folder) return value;
    const isBind =
      textOf(entryAt(value, "driver_opts", "o")) === "bind" && textOf(entryAt(value, "driver")) === "local";
    return mapEntries(value, (entries) =>
      mapEntry(
        mapEntry(entries, "file", (file) => mapScalar(file, this.#path)),
        "driver_opts",
        (options) =>
          isBind
            ? mapEntries(options, (own) => mapEntry(own, "device", (device) => mapScalar(device, this.#path)))
            : options,
      ),
    );
  }

  /** What services, jobs and hooks have in common. */
  #container(attributes: Entries): Entries {
    let entries = mapEntry(attributes, "env_file", (list) =>
      mapItems(mapScalars(list, this.#path), (item) => mapEntry(item, "path", (path) => mapScalar(path, this.#path))),
    );
    entries = mapEntry(entries, "label_file", (list) => mapScalars(list, this.#path));
    return mapEntry(entries, "volumes", (list) =>
      mapItems(mapScalars(list, this.#shortMount), (mount) =>
        textOf(mount.get("type")) === "bind"
          ? mapEntry(mount, "source", (source) => mapScalar(source, this.#path))
          : mount,
      ),
    );
  }

  readonly #path = (scalar: Scalar): Scalar => {
    const { text } = scalar;
    if (text === "" || isHostPath(text)) return scalar;
    const moved = relative(this.#folder, resolve(this.#from, text));
    return withText(scalar, moved === "" ? "." : moved.startsWith("..") ? moved : `./${moved}`);
  };

  readonly #shortMount = (scalar: Scalar): Scalar => {
    const [source = "", ...rest] = scalar.text.split(":");
    if (rest.length === 0 || !source.startsWith(".")) return scalar;
    return withText(scalar, [this.#path({ ...scalar, text: source }).text, ...rest].join(":"));
  };
}

/** Whether a path is absolute or below a home, so that it means something else on another machine. */
export function isHostPath(path: string): boolean {
  return /^[/~]/.test(path);
}

function withText(scalar: Scalar, text: string): Scalar {
  return { ...scalar, text, template: scalar.template ?? scalar };
}
