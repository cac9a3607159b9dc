/**
 * A merged service as every room reads it.
 * https://github.com/compose-spec/compose-spec/blob/main/05-services.md
 */
import { buildOf } from "./build.ts";
import { stringOf, type Value } from "./document.ts";
import { imagesIn } from "./images.ts";
import { type Definition, mountTarget, unique } from "./merge.ts";
import type { EnvFile, Mount, Service } from "./project.ts";
import { dependenciesOf, imageOf, profilesOf, type Selected } from "./select.ts";
import { type Entries, entryAt, isFalse, itemsOf, textOf } from "./values.ts";

/** What to know of the project that the service is one of. */
export interface Surroundings {
  /** The project's name. */
  readonly project: string;
  /** Absolute path of the project's folder. */
  readonly folder: string;
  readonly selected: readonly Selected[];
}

export function serviceOf(
  { section, name, definition }: Selected,
  { project, folder, selected }: Surroundings,
): Service {
  const { attributes } = definition;
  const build = attributes.get("build");
  const image = imageOf(definition);
  const text = (key: string): string | undefined => stringOf(attributes.get(key)) || undefined;
  const [platform, pullPolicy] = [text("platform"), text("pull_policy")];
  const containers = [attributes, ...hooksOf(attributes)];
  return {
    name,
    ...(image === undefined ? {} : { image }),
    otherImages: otherImages(definition, selected),
    defaultImage: project === "" ? name : `${project}-${name}`,
    built: build !== undefined || attributes.has("provider"),
    ...(build === undefined ? {} : { build: buildOf(build, folder) }),
    profiles: profilesOf(definition),
    ...(platform === undefined ? {} : { platform }),
    ...(pullPolicy === undefined ? {} : { pullPolicy }),
    section,
    dependsOn: dependenciesOf(definition).map(({ service, required }) => ({ service, required })),
    envFiles: containers.flatMap((container) => listOf(container, "env_file").flatMap(envFileOf)),
    labelFiles: containers.flatMap((container) => itemsOf(container.get("label_file")).flatMap(textsOf)),
    mounts: containers.flatMap((container) => listOf(container, "volumes").flatMap(mountOf)),
    configs: containers.flatMap((container) => listOf(container, "configs").flatMap(grantedName)),
    secrets: [...containers.flatMap((container) => listOf(container, "secrets")), ...buildSecrets(attributes)].flatMap(
      grantedName,
    ),
  };
}

/** What hooks and volumes need besides the service's image. A volume may also name a service, whose image is built. */
function otherImages(definition: Definition, selected: readonly Selected[]): readonly string[] {
  const own = imageOf(definition);
  const named = imagesIn(definition.attributes).filter(
    ({ attribute, image: { text } }) =>
      attribute === "pre_start" ||
      (attribute === "volumes" &&
        !selected.some((other) => other.name === text && imageOf(other.definition) === undefined)),
  );
  return [...new Set(named.map(({ image: { text } }) => text))].filter((image) => image !== own).toSorted();
}

/** Hooks that run before the service in containers of their own. */
function hooksOf(attributes: Entries): readonly Entries[] {
  return itemsOf(attributes.get("pre_start")).flatMap((hook) => (hook.kind === "mapping" ? [hook.entries] : []));
}

function listOf(container: Entries, key: string): readonly Value[] {
  const value = container.get(key);
  return value === undefined ? [] : itemsOf(unique(key, value));
}

function buildSecrets(attributes: Entries): readonly Value[] {
  return itemsOf(entryAt(attributes.get("build"), "secrets"));
}

function envFileOf(item: Value): readonly EnvFile[] {
  const path = textOf(item) ?? textOf(entryAt(item, "path")) ?? "";
  return path === "" ? [] : [{ path, required: !isFalse(entryAt(item, "required")) }];
}

function textsOf(item: Value): readonly string[] {
  return textOf(item) || undefined ? [textOf(item)!] : [];
}

function grantedName(item: Value): readonly string[] {
  const name = textOf(item) ?? textOf(entryAt(item, "source"));
  return name === undefined ? [] : [name];
}

/** The short form is `[SOURCE:]TARGET[:OPTIONS]`; a source that begins like a path is bound (compose-go, format/volume.go). */
function mountOf(item: Value): readonly Mount[] {
  const short = textOf(item);
  if (short === undefined) return longMount(item);
  const [first = "", second, options = ""] = short.split(":");
  if (second === undefined) return [{ type: "volume", target: first, createHostPath: false }];
  const isBind = /^[./~]/.test(first);
  const selinux = options.split(",").find((option) => /^z$/i.test(option));
  return [
    {
      type: isBind ? "bind" : "volume",
      source: first,
      target: mountTarget(item),
      createHostPath: isBind,
      ...(selinux === undefined ? {} : { selinux }),
    },
  ];
}

function longMount(item: Value): readonly Mount[] {
  const text = (...keys: readonly string[]): string | undefined => textOf(entryAt(item, ...keys));
  const [type, source, selinux] = [text("type") ?? "volume", text("source"), text("bind", "selinux")];
  return [
    {
      type,
      ...(source === undefined || source === "" ? {} : { source }),
      target: text("target") ?? "",
      createHostPath: type === "bind" && !isFalse(entryAt(item, "bind", "create_host_path")),
      ...(selinux === undefined ? {} : { selinux }),
    },
  ];
}
