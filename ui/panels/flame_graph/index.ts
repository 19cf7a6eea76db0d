import { z } from "zod";
import type { PanelKind } from "../panel_kind.ts";
import { frameOf, numbers, texts } from "../parts/sample_frames.ts";
import { flameGraphFromGrafana } from "./from_grafana.ts";
import { FlameGraphOptions } from "./options.ts";

/** Level, value in seconds and name, in the order of a walk through the calls. */
const calls: readonly (readonly [number, number, string])[] = [
  [0, 12, "main"],
  [1, 8, "http.serve"],
  [2, 5, "api.query"],
  [3, 3, "store.readBlock"],
  [4, 2, "codec.decode"],
  [3, 1, "json.encode"],
  [2, 2, "api.ingest"],
  [3, 1.5, "spool.write"],
  [1, 3, "scheduler.run"],
  [2, 2, "compact.merge"],
];

export const flameGraph: PanelKind = {
  kind: "flame_graph",
  name: "Flame graph",
  description:
    "Where time or memory goes, from callers to what they call. Draws profiles once there are any.",
  grafanaTypes: ["flamegraph"],
  asks: true,
  options: FlameGraphOptions,
  fieldOptions: z.strictObject({}),
  fromGrafana: flameGraphFromGrafana,
  sample: () => [
    frameOf("", [
      numbers(
        "level",
        calls.map(([level]) => level),
      ),
      numbers(
        "value",
        calls.map(([, value]) => value),
        { unit: "s" },
      ),
      numbers(
        "self",
        calls.map(([level, value], i) => {
          const end = calls.findIndex(([other], j) => j > i && other <= level);
          const inside = calls.slice(i + 1, end === -1 ? undefined : end);
          return (
            value - inside.reduce((sum, [other, own]) => sum + (other === level + 1 ? own : 0), 0)
          );
        }),
        { unit: "s" },
      ),
      texts(
        "label",
        calls.map(([, , name]) => name),
      ),
    ]),
  ],
  load: async () => (await import("./panel.tsx")).FlameGraphPanel,
};
