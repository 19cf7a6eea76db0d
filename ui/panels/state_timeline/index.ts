import type { PanelKind } from "../panel_kind.ts";
import { sampleStates } from "../parts/sample_states.ts";
import { stateTimelineFromGrafana } from "./from_grafana.ts";
import { StateFieldOptions, StateTimelineOptions } from "./options.ts";

export const stateTimeline: PanelKind = {
  kind: "state_timeline",
  name: "State timeline",
  description: "Which state held from when to when.",
  grafanaTypes: ["state-timeline"],
  asks: true,
  options: StateTimelineOptions,
  fieldOptions: StateFieldOptions,
  fromGrafana: stateTimelineFromGrafana,
  sample: () => sampleStates(60),
  load: async () => (await import("./panel.tsx")).StateTimelinePanel,
};
