/**
 * Where a service names images: `image`; the `image` of its `pre_start` hooks, which run before it; and the `source`
 * of volumes of type `image`, its own and its hooks'.
 */
import { type Scalar, stringOf, type Value } from "./document.ts";
import { unique } from "./merge.ts";
import { type Entries as Attributes, mapEntry, mapItems, mapScalar } from "./values.ts";

export type ImageAttribute = "image" | "pre_start" | "volumes";

interface NamedImage {
  /** The attribute of the service below which it stands. */
  readonly attribute: ImageAttribute;
  readonly image: Scalar;
}

/** The attributes with `change` of every image in place of the image. */
export function mapImages(
  attributes: Attributes,
  change: (image: Scalar, attribute: ImageAttribute) => Scalar,
): Attributes {
  const inHook = (image: Scalar): Scalar => change(image, "pre_start");
  const inVolume = (image: Scalar): Scalar => change(image, "volumes");
  return mapEntry(
    mapEntry(
      mapEntry(attributes, "image", (value) => mapScalar(value, (image) => change(image, "image"))),
      "pre_start",
      (hooks) =>
        mapItems(hooks, (hook) =>
          mapEntry(
            mapEntry(hook, "image", (value) => mapScalar(value, inHook)),
            "volumes",
            (volumes) => mapVolumes(volumes, inHook),
          ),
        ),
    ),
    "volumes",
    (volumes) => mapVolumes(volumes, inVolume),
  );
}

/**
 * The images of merged attributes; of several volumes with one target only the last counts. A hook that several files
 * have alike is found in each of them: compose takes them for one only as long as they stay alike.
 */
export function imagesIn(attributes: Attributes): readonly NamedImage[] {
  const found: NamedImage[] = [];
  const hooks = attributes.get("pre_start");
  const repeated = hooks?.kind === "sequence" ? (hooks.repeated ?? []) : [];
  for (const each of [
    mapEntry(attributes, "volumes", (volumes) => unique("volumes", volumes)),
    new Map(hooks?.kind === "sequence" ? [["pre_start", { ...hooks, items: repeated }]] : []),
  ]) {
    mapImages(each, (image, attribute) => {
      if (image.text !== "") found.push({ attribute, image });
      return image;
    });
  }
  return found;
}

function mapVolumes(volumes: Value, change: (image: Scalar) => Scalar): Value {
  return mapItems(volumes, (volume) =>
    stringOf(volume.get("type")) === "image"
      ? mapEntry(volume, "source", (source) => mapScalar(source, change))
      : volume,
  );
}
