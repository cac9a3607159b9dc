/**
 * Squarified treemap: rectangles whose areas are as the weights, laid out in rows so that each is as near to a square as
 * can be (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000, https://www.win.tue.nl/~vanwijk/stm.pdf).
 */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Tile<T> extends Rectangle {
  readonly item: T;
}

interface Weighted<T> {
  readonly item: T;
  /** Square units that the tile gets. */
  readonly area: number;
}

/** Tiles that fill `space`, the largest first; an item without weight gets none. */
export function treemap<T>(items: readonly T[], weight: (item: T) => number, space: Rectangle): readonly Tile<T>[] {
  const known = items.map((item) => ({ item, weight: weight(item) })).filter((each) => each.weight > 0);
  const total = known.reduce((sum, each) => sum + each.weight, 0);
  const scale = (space.width * space.height) / total;
  const queue: readonly Weighted<T>[] = known
    .map((each) => ({ item: each.item, area: each.weight * scale }))
    .toSorted((a, b) => b.area - a.area);
  const tiles: Tile<T>[] = [];
  let rest = space;
  for (let from = 0; from < queue.length;) {
    const side = Math.min(rest.width, rest.height);
    let to = from + 1;
    while (to < queue.length && worst(queue.slice(from, to + 1), side) <= worst(queue.slice(from, to), side)) to += 1;
    const row = queue.slice(from, to);
    tiles.push(...layRow(row, rest));
    rest = withoutRow(row, rest);
    from = to;
  }
  return tiles;
}

/** The ratio of the sides of the row's least square tile, when the row lies along `side`. */
function worst(row: readonly Weighted<unknown>[], side: number): number {
  const depth = areaOf(row) / side;
  return Math.max(...row.map(({ area }) => Math.max(depth ** 2 / area, area / depth ** 2)));
}

/** Lays a row along the shorter side of `space`. */
function layRow<T>(row: readonly Weighted<T>[], space: Rectangle): readonly Tile<T>[] {
  const { x, y, width, height } = space;
  const isColumn = width >= height;
  const depth = areaOf(row) / (isColumn ? height : width);
  let offset = 0;
  return row.map(({ item, area }) => {
    const length = area / depth;
    const tile = isColumn
      ? { item, x, y: y + offset, width: depth, height: length }
      : { item, x: x + offset, y, width: length, height: depth };
    offset += length;
    return tile;
  });
}

function withoutRow(row: readonly Weighted<unknown>[], { x, y, width, height }: Rectangle): Rectangle {
  if (width >= height) {
    const depth = areaOf(row) / height;
    return { x: x + depth, y, width: Math.max(0, width - depth), height };
  }
  const depth = areaOf(row) / width;
  return { x, y: y + depth, width, height: Math.max(0, height - depth) };
}

function areaOf(row: readonly Weighted<unknown>[]): number {
  return row.reduce((sum, { area }) => sum + area, 0);
}
