import type { GlobalConfig } from "#aggregator/channels/global_config.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { DependenciesConfig } from "../dependencies/config.ts";
import type { Route } from "../routing/route.ts";
import type { TimeInterval } from "../routing/time_interval.ts";
import type { Integration } from "./integration.ts";
import type { InhibitRule } from "./route_schema.ts";

export type Receiver = {
  readonly name: string;
  readonly labels: Labels;
  readonly integrations: readonly Integration[];
};

/** What Alertmanager's configuration file says. */
export type AlertmanagerConfig = {
  readonly global: GlobalConfig;
  /** Patterns of files with templates, relative to the file. */
  readonly templates: readonly string[];
  readonly route: Route;
  readonly receivers: readonly Receiver[];
  readonly inhibitRules: readonly InhibitRule[];
  /** Of lapwing.yaml; nothing depends on anything where it is absent. */
  readonly dependencies?: DependenciesConfig;
  readonly timeIntervals: ReadonlyMap<string, readonly TimeInterval[]>;
  /** The file as YAML, with `<secret>` where secrets were. */
  readonly original: string;
};
