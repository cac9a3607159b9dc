/**
 * What else an image's scalar serves as. Through anchors, aliases and merge keys one scalar can stand in many places;
 * writing another name into it is right when all of them are images, or extension fields (`x-…`), which only hold
 * what other places refer to. Where it also serves as, say, an environment value, an image written as an alias
 * (`image: *name`) is replaced at the alias.
 */
import type { Document, Range, Scalar, SourceFile, Value } from "./document.ts";

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

/** The values of a document that stand anywhere but as a service's image or in an extension field. */
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
      if (service.kind !== "mapping") continue;
      for (const [attribute, entry] of service.entries) {
        if (attribute !== "image" && !isExtension(attribute)) visit(entry);
      }
    }
  }
  return [...found];
}

function isExtension(key: string): boolean {
  return key.startsWith("x-");
}
