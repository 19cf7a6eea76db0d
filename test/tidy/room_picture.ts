import { mayImport, rooms, roomsInside } from "./rooms.ts";

type Imports = readonly (readonly [room: string, below: readonly string[]])[];

const begin = "<!-- rooms: `bun run docs:rooms` writes this from test/tidy/rooms.ts -->";
const end = "<!-- end of rooms -->";

/** The document with the pictures of the rooms between its two marks. Throws where it lacks them. */
export function withRooms(document: string): string {
  const [start, stop] = [document.indexOf(begin), document.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`expected the lines ${begin} and ${end}`);
  return `${document.slice(0, start + begin.length)}\n\n${roomPictures()}\n\n${document.slice(stop)}`;
}

function roomPictures(): string {
  const layers = rooms
    .filter((layer) => layer !== "test")
    .map((layer) => [layer, (mayImport[layer] ?? []).filter((other) => other !== layer)] as const);
  return [
    "The layers:",
    picture(layers),
    ...Object.entries(roomsInside).flatMap(([layer, inside]) => [
      `Inside \`${layer}\`${inside.some(([room]) => room === ".") ? `; \`${layer}/*\` is its own files` : ""}:`,
      picture(
        inside.map(([room, below]) => [
          nameIn(layer, room),
          below.map((one) => nameIn(layer, one)),
        ]),
      ),
    ]),
  ].join("\n\n");
}

function nameIn(layer: string, room: string): string {
  return room === "." ? `${layer}/*` : room;
}

/** A Mermaid graph: who imports stands above what is imported. */
function picture(imports: Imports): string {
  const ids = new Map(imports.map(([room], i) => [room, `r${i}`]));
  const idOf = (room: string) => ids.get(room) ?? room;
  const lines = imports.map(([room]) => `  ${idOf(room)}["${room}"]`);
  for (const [room, below] of imports)
    for (const one of direct(below, new Map(imports)))
      lines.push(`  ${idOf(room)} --> ${idOf(one)}`);
  return ["```mermaid", "flowchart TD", ...lines, "```"].join("\n");
}

/** Those of `below` that none of the others leads to. */
function direct(
  below: readonly string[],
  imports: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const reached = new Set<string>();
  const reach = (room: string): void => {
    for (const one of imports.get(room) ?? []) {
      if (reached.has(one)) continue;
      reached.add(one);
      reach(one);
    }
  };
  for (const one of below) reach(one);
  return below.filter((one) => !reached.has(one));
}
