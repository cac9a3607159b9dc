/**
 * What else an image's scalar serves as. Through anchors, aliases and merge keys one scalar can be in many places;
 * writing another name into it is right when all of them are images, or extension fields (`x-…`), which only hold
 * what other places refer to. Where it also serves as, say, an environment value, an image written as an alias
 * (`image: *name`) is replaced at the alias.
 */
import { type Document, type Range, type Scalar, type SourceFile, stringOf, type Value } from "./document.ts";

export class Sharing {
  readonly #elsewhere = new Map<SourceFile, ReadonlySet<Value>>();

  /** Where another name can be written for an image without changing anything but images; undefined if nowhere. */
  placeOf(image: Scalar): { readonly file: SourceFile; readonly range: Range } | undefined {
    const { file } = image;
    const elsewhere = this.#elsewhere.get(file) ?? new Set(file.documents.flatMap(valuesElsewhere));
    this.#elsewhere.set(file, elsewhere);
    const definition = image.target ?? image;
    if (!elsewhere.has(definition)) return definition;
    return image.target !== undefined && !elsewhere.has(image) ? image : undefined;
  }
}

/** The values of a document that stand anywhere but as an image of a service or in an extension field. */
function valuesElsewhere({ root, aliased }: Document): readonly Value[] {
  if (!aliased || root.kind !== "mapping") return [];
  const found = new Set<Value>();
  const visit = (value: Value): void => {
    if (found.has(value)) return;
    found.add(value);
    if (value.kind === "scalar" && value.target !== undefined) found.add(value.target);
    else if (value.kind === "mapping") for (const entry of value.entries.values()) visit(entry);
    else if (value.kind === "sequence") for (const item of value.items) visit(item);
  };
  for (const [key, value] of root.entries) {
    if (isExtension(key)) continue;
    if ((key !== "services" && key !== "jobs") || value.kind !== "mapping") {
      visit(value);
      continue;
    }
    for (const service of value.entries.values()) {
      if (service.kind === "mapping") visitContainer(service.entries, visit);
    }
  }
  return [...found];
}

/** Visits what of a service or a hook is no image; `images.ts` says where those are. */
function visitContainer(entries: ReadonlyMap<string, Value>, visit: (value: Value) => void): void {
  for (const [key, value] of entries) {
    if (key === "image" || isExtension(key)) continue;
    if ((key !== "pre_start" && key !== "volumes") || value.kind !== "sequence") {
      visit(value);
      continue;
    }
    for (const item of value.items) {
      if (item.kind !== "mapping") visit(item);
      else if (key === "pre_start") visitContainer(item.entries, visit);
      else visitVolume(item.entries, visit);
    }
  }
}

function visitVolume(entries: ReadonlyMap<string, Value>, visit: (value: Value) => void): void {
  const isImage = stringOf(entries.get("type")) === "image";
  for (const [key, value] of entries) if (!(isImage && key === "source")) visit(value);
}

function isExtension(key: string): boolean {
  return key.startsWith("x-");
}
