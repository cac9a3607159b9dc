/** The benchmark's images, beside those of the test bed; `test/bed/seed.ts` takes this module as its catalog. */
import { formatReference, parseReference } from "../lib/image/reference.ts";
import { type CatalogEntry, type CatalogImage, catalogImage, catalogImages, DIFY_IMAGES } from "../test/bed/catalog.ts";
import type { Shape } from "../test/bed/image.ts";

const KB = 1000;
const MB = 1000 * KB;

/** Layers that several of the large images are built on, with their sizes. */
const SHARED = { debian: 50 * MB, python: 40 * MB, node: 30 * MB, java: 55 * MB, alpine: 5 * MB } as const;

const LARGE_ENTRIES: readonly CatalogEntry<keyof typeof SHARED>[] = [
  ["bench/api:1.0", "oci-attested", ["debian", "python"], 30 * MB],
  ["bench/worker:1.0", "oci-index", ["debian", "python"], 20 * MB],
  ["bench/jobs:1.0", "docker-index", ["debian", "python"], 12 * MB],
  ["bench/search:1.0", "docker-index", ["debian", "java"], 40 * MB],
  ["bench/queue:1.0", "oci-index", ["debian", "java"], 15 * MB],
  ["bench/db:1.0", "docker-single", ["debian"], 15 * MB],
  ["bench/web:1.0", "oci-attested", ["alpine", "node"], 15 * MB],
  ["bench/docs:1.0", "oci-single", ["alpine", "node"], 10 * MB],
  ["bench/proxy:1.0", "docker-index", ["alpine"], 8 * MB],
  ["bench/cache:1.0", "oci-attested", ["alpine"], 5 * MB],
];

const SHAPES: readonly Shape[] = ["oci-attested", "oci-index", "docker-index", "docker-single"];

/** Ten images of about 350 MB together, with shared layers. */
export const LARGE = catalogImages(LARGE_ENTRIES, SHARED);

/** A thousand small images with one shared base layer, each in its own repository. */
export const SMALL: readonly CatalogImage[] = Array.from({ length: 1000 }, (_, index) => {
  const name = `bench/small-${String(index + 1).padStart(4, "0")}:1.0`;
  return catalogImage(name, SHAPES[index % SHAPES.length]!, { [name]: 20 * KB });
});

/** Factor on the layer sizes of the test bed; the real Dify images are larger still. */
const SCALE = 2.5;

/** The images of the Dify project with SCALE times the bytes, under other tags of the same repositories. */
export const DIFY_LARGE: readonly CatalogImage[] = DIFY_IMAGES.map(({ name, shape, layers, tag }) => {
  const larger = Object.entries(layers).map(([layer, size]) => [`large ${layer}`, size * SCALE] as const);
  const reference = { ...parseReference(name), tag: `${tag}-large` };
  return catalogImage(formatReference(reference), shape, Object.fromEntries(larger));
});

export const CATALOG: readonly CatalogImage[] = [...LARGE, ...SMALL, ...DIFY_LARGE];
