type Edge = { readonly source: string; readonly target: string };
export type Place = { readonly x: number; readonly y: number };

/** Rounds of putting each node beside its neighbours; more change little. */
const rounds = 8;

/**
 * Layers from left to right: a node stands right of all that lead to it, as far as edges go in no circle. Within a layer a node stands
 * near the middle of its neighbours, so that few edges cross. The same graph gives the same picture.
 */
export function layeredPlaces(ids: readonly string[], edges: readonly Edge[]): Map<string, Place> {
  const layerOf = layersOf(ids, edges);
  const layers: string[][] = [];
  for (const id of ids) {
    const layer = layerOf.get(id) ?? 0;
    (layers[layer] ??= []).push(id);
  }
  const neighbours = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { source, target } of edges) {
    neighbours.get(source)?.push(target);
    neighbours.get(target)?.push(source);
  }
  const places = new Map<string, Place>();
  const place = (): void => {
    for (const [x, layer] of layers.entries()) {
      for (const [i, id] of (layer ?? []).entries()) {
        places.set(id, { x, y: i - ((layer?.length ?? 1) - 1) / 2 });
      }
    }
  };
  place();
  for (let round = 0; round < rounds; round++) {
    // To the right by what leads to a node, then back by what it leads to: both at once would swing to and fro.
    const isForth = round % 2 === 0;
    for (const [x, layer] of isForth ? layers.entries() : [...layers.entries()].toReversed()) {
      const middles = new Map(
        (layer ?? []).map((id) => {
          const beside = (neighbours.get(id) ?? [])
            .map((other) => places.get(other))
            .filter((at) => at !== undefined && (isForth ? at.x < x : at.x > x));
          return [id, middleOf(beside, places.get(id)?.y ?? 0)];
        }),
      );
      layer?.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
      place();
    }
  }
  return places;
}

function middleOf(places: readonly (Place | undefined)[], own: number): number {
  if (places.length === 0) return own;
  return places.reduce((sum, at) => sum + (at?.y ?? 0), 0) / places.length;
}

/** Longest way from a node without predecessors; edges that would close a circle do not count. */
function layersOf(ids: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const layer = new Map(ids.map((id) => [id, 0]));
  const waiting = new Map(ids.map((id) => [id, 0]));
  const next = new Map<string, string[]>();
  for (const { source, target } of edges) {
    if (source === target) continue;
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
    const targets = next.get(source) ?? [];
    targets.push(target);
    next.set(source, targets);
  }
  const done = new Set<string>();
  const ready = ids.filter((id) => waiting.get(id) === 0);
  while (done.size < ids.length) {
    // Nothing is ready inside a circle: then it is entered at the first node that is left.
    const id = ready.shift() ?? ids.find((each) => !done.has(each));
    if (id === undefined) break;
    if (done.has(id)) continue;
    done.add(id);
    for (const target of next.get(id) ?? []) {
      if (done.has(target)) continue;
      layer.set(target, Math.max(layer.get(target) ?? 0, (layer.get(id) ?? 0) + 1));
      const left = (waiting.get(target) ?? 1) - 1;
      waiting.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  return layer;
}

/** Rows as long as the picture is wide in relation to its height. */
export function gridPlaces(ids: readonly string[], ratio: number): Map<string, Place> {
  const columns = Math.max(1, Math.ceil(Math.sqrt(ids.length * Math.max(0.2, ratio))));
  return new Map(ids.map((id, i) => [id, { x: i % columns, y: Math.floor(i / columns) }]));
}
