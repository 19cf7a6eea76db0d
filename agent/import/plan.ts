import type { Section } from "./section.ts";
import type { Plain } from "./source_tree.ts";

/** A map of our configuration that is being put together. */
export type Draft = { [key: string]: Plain };

/**
 * What every import comes down to: the keys of lapwing.yaml, before they are written. Words that are to stand above a part lie beside
 * it in `comments`.
 */
export class Plan {
  listen: string | undefined;
  logLevel: string | undefined;
  readonly agentLabels: Draft = {};
  readonly externalLabels: Draft = {};
  readonly global: Draft = {};
  readonly sources: Draft[] = [];
  readonly receivers: { [name: string]: Draft } = {};
  /** Instances by the name of their integration. */
  readonly integrations: { [name: string]: Draft[] } = {};
  readonly scrapeConfigs: Draft[] = [];
  /** Of all records, after those of their source. */
  readonly processors: Plain[] = [];
  readonly comments = new Map<object, string>();

  commented<Part extends object>(part: Part, comment: string): Part {
    this.comments.set(part, comment);
    return part;
  }

  /** All that is pushed over HTTP is taken at one address: the first that is asked for, as the section's key says it. */
  takeListen(address: string, section: Section, key: string): void {
    const node = section.peek(key) ?? section.node;
    if (this.listen === undefined) {
      this.listen = address;
      section.account.differ(node, "all of the agent's API is there, and it asks for no login");
    } else if (this.listen !== address)
      section.account.takeBack(node, "pushes are taken at one address");
  }

  addIntegration(name: string, instance: Draft, comment: string): void {
    const instances = this.integrations[name] ?? [];
    this.integrations[name] = [...instances, this.commented(instance, comment)];
  }

  /** Takes a part out by its key: "sources.2", "receivers.syslog", "integrations.redis.0". Undefined where there is none. */
  takeOut(key: string): Draft | undefined {
    const [list = "", name = "", place = ""] = key.split(".");
    if (list === "integrations") {
      const taken = this.integrations[name]?.splice(Number(place), 1)[0];
      if (this.integrations[name]?.length === 0) delete this.integrations[name];
      return taken;
    }
    if (list === "sources" || list === "scrape_configs")
      return (list === "sources" ? this.sources : this.scrapeConfigs).splice(Number(name), 1)[0];
    const receiver = list === "receivers" ? this.receivers[name] : undefined;
    if (receiver !== undefined) delete this.receivers[name];
    return receiver;
  }

  /** Jobs have names of their own: a name that is taken gets a number. */
  jobName(wanted: string): string {
    const taken = new Set(this.scrapeConfigs.map((job) => job.job_name));
    if (!taken.has(wanted)) return wanted;
    for (let n = 2; ; n++) if (!taken.has(`${wanted}-${n}`)) return `${wanted}-${n}`;
  }

  /** The keys of the file in the order in which people look for them; what is empty is left out. */
  document(): Draft {
    const { agentLabels, externalLabels, global } = this;
    const globals = { ...global, ...filled({ external_labels: filled(externalLabels) }) };
    return (
      filled({
        listen: this.listen,
        log: this.logLevel === undefined ? undefined : { level: this.logLevel },
        agent: filled({ labels: filled(agentLabels) }),
        global: filled(globals),
        scrape_configs: this.scrapeConfigs.length === 0 ? undefined : this.scrapeConfigs,
        sources: this.sources,
        receivers: filled(this.receivers),
        integrations: filled(this.integrations),
        logs: this.processors.length === 0 ? undefined : { processors: this.processors },
      }) ?? { sources: [] }
    );
  }
}

/** The map without keys that are undefined; undefined where none is left. */
function filled(draft: Readonly<Draft>): Draft | undefined {
  const entries = Object.entries(draft).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
