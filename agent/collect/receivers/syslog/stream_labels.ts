import type { Labels } from "#shared/model/labels.ts";
import { relabel } from "#shared/relabel/relabel.ts";
import type { RelabelRule } from "#shared/relabel/relabel_config.ts";
import { isTooManySteps } from "#shared/text/heavy_regex.ts";
import { withServiceName } from "../../../pipeline/transforms/service_name.ts";
import type { SyslogMessage } from "./message.ts";
import { facilityName, syslogSeverityName } from "../records/syslog_severity.ts";

const knownMax = 10_000;

/**
 * Labels of messages' streams: job, host, app and facility, then the rules of the configuration, which see the names that
 * Promtail gives to the parts of a message. Answers are remembered, because few senders send nearly everything.
 */
export class SyslogLabels {
  readonly #own: Labels;
  readonly #rules: readonly RelabelRule[];
  readonly #known = new Map<string, Labels | null>();

  constructor(own: Labels, rules: readonly RelabelRule[]) {
    this.#own = own;
    this.#rules = rules;
  }

  /** Undefined where a rule drops the message. */
  of(message: SyslogMessage, sender: string): Labels | undefined {
    const key = this.#key(message, sender);
    const known = this.#known.get(key);
    if (known !== undefined) return known ?? undefined;
    const labels = this.#make(message, sender) ?? null;
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(key, labels);
    return labels ?? undefined;
  }

  #key({ host, app, facility, ...rest }: SyslogMessage, sender: string): string {
    // Neither name has a space in it.
    if (this.#rules.length === 0) return `${facility} ${host ?? ""} ${app ?? ""}`;
    const { severity, processId, messageId, data } = rest;
    return JSON.stringify([host, app, facility, sender, severity, processId, messageId, data]);
  }

  #make(message: SyslogMessage, sender: string): Labels | undefined {
    const { host, app, facility, severity, processId, messageId, data } = message;
    const labels = new Map<string, string>();
    const set = (name: string, value: string | undefined): void => {
      if (value !== undefined && value !== "") labels.set(name, value);
    };
    set("job", "syslog");
    set("host", host);
    set("app", app);
    set("facility", facilityName(facility));
    for (const [name, value] of Object.entries(this.#own)) set(name, value);
    if (this.#rules.length > 0) {
      set("__syslog_connection_ip_address", sender);
      set("__syslog_message_severity", syslogSeverityName(severity));
      set("__syslog_message_facility", facilityName(facility));
      set("__syslog_message_hostname", host);
      set("__syslog_message_app_name", app);
      set("__syslog_message_proc_id", processId);
      set("__syslog_message_msg_id", messageId);
      for (const [id, name, value] of data)
        set(`__syslog_message_sd_${labelPart(id)}_${labelPart(name)}`, value);
      if (!this.#isKept(labels)) return undefined;
    }
    const kept = [...labels].filter(([name]) => !name.startsWith("__"));
    return withServiceName(Object.fromEntries(kept));
  }

  /** A message whose labels take too many steps is dropped as by a rule: what it would be stored under is not known. */
  #isKept(labels: Map<string, string>): boolean {
    try {
      return relabel(labels, this.#rules);
    } catch (thrown) {
      if (!isTooManySteps(thrown)) throw thrown;
      return false;
    }
  }
}

/** A part of a name, with "_" for what label names do not have. */
export function labelPart(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/gu, "_");
}
