import { importAlloy } from "./alloy/import_alloy.ts";
import { readRiver } from "./alloy/river_parser.ts";
import { importFluentBit } from "./fluent_bit/import_fluent_bit.ts";
import { readFluentBit } from "./fluent_bit/read_fluent_bit.ts";
import type { Plan } from "./plan.ts";
import { importPromtail } from "./promtail/import_promtail.ts";
import { readPromtail } from "./promtail/read_promtail.ts";
import { importVector } from "./vector/import_vector.ts";
import { readVector } from "./vector/read_vector.ts";
import type { Section } from "./section.ts";
import type { MapNode } from "./source_tree.ts";
import type { ReadSurroundings } from "./surroundings.ts";

/** One kind of configuration: how its text becomes a tree, and the tree a plan. */
type ShipperImport = {
  readonly title: string;
  readonly read: (text: string, surroundings: ReadSurroundings) => MapNode;
  readonly convert: (root: Section, plan: Plan) => void;
};

/** Every shipper whose configuration can be imported; sorted. */
export const shippers = {
  alloy: { title: "Alloy", read: readRiver, convert: importAlloy },
  "fluent-bit": { title: "Fluent Bit", read: readFluentBit, convert: importFluentBit },
  promtail: { title: "Promtail", read: readPromtail, convert: importPromtail },
  vector: { title: "Vector", read: readVector, convert: importVector },
} satisfies Readonly<Record<string, ShipperImport>>;

export type Shipper = keyof typeof shippers;

export const shipperNames = Object.keys(shippers);

export function isShipper(name: string): name is Shipper {
  return Object.hasOwn(shippers, name);
}
