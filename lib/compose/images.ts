/**
 * Where a service names images: `image`; the `image` of its `pre_start` hooks, which run before it; and the `source`
 * of volumes of type `image`, its own and its hooks'.
 */
import { type Scalar, stringOf, type Value } from "./document.ts";
import { unique } from "./merge.ts";
import { type Entries as Attributes, mapEntry, mapItems, mapScalar } from "./values.ts";

const ATTRIBUTES = ["image", "pre_start", "volumes"] as const;
export type ImageAttribute = (typeof ATTRIBUTES)[number];

interface NamedImage {
  /** The attribute of the service below which it stands. */
  readonly attribute: ImageAttribute;
  readonly image: Scalar;
  /** The same image in the equal items whose place the list item took that it stands in. */
  readonly repeats: readonly Scalar[];
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

/** The images of merged attributes; of several volumes with one target only the last counts. */
export function imagesIn(attributes: Attributes): readonly NamedImage[] {
  return ATTRIBUTES.flatMap((attribute) => {
    const written = attributes.get(attribute);
    if (written === undefined) return [];
    const value = unique(attribute, written);
    return value.kind === "sequence"
      ? value.items.flatMap((item) => imagesOfItem(attribute, item))
      : imagesAt(attribute, value);
  });
}

/** Equal items hold equal images in the same order. */
function imagesOfItem(attribute: ImageAttribute, item: Value): readonly NamedImage[] {
  const repeats = repeatsOf(item).map((each) => imagesAt(attribute, listOf(each)));
  return imagesAt(attribute, listOf(item)).map((named, index) => ({
    ...named,
    repeats: repeats.map((images) => images[index]!.image),
  }));
}

function imagesAt(attribute: ImageAttribute, value: Value): readonly NamedImage[] {
  const found: NamedImage[] = [];
  mapImages(new Map([[attribute, value]]), (image) => {
    if (image.text !== "") found.push({ attribute, image, repeats: [] });
    return image;
  });
  return found;
}

function listOf(item: Value): Value {
  return { kind: "sequence", items: [item], file: item.file, range: item.range, dollars: item.dollars };
}

/** There may be as many as there are documents, each below the next: no recursion. */
function repeatsOf(item: Value): readonly Value[] {
  const found = [...(item.repeats ?? [])];
  for (const each of found) found.push(...(each.repeats ?? []));
  return found;
}

function mapVolumes(volumes: Value, change: (image: Scalar) => Scalar): Value {
  return mapItems(volumes, (volume) =>
    stringOf(volume.get("type")) === "image"
      ? mapEntry(volume, "source", (source) => mapScalar(source, change))
      : volume,
  );
}
