import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { RulesConfig } from "../config.ts";
import type { RuleGroup } from "../rule.ts";
import { type RuleLanguage, ruleLanguages } from "../rule_languages.ts";
import type { FileGroup } from "../rule_file.ts";
import { readGroup } from "./group_text.ts";

/** A group that was made by API, as it was written and as it was read. */
export type StoredGroup = {
  readonly namespace: string;
  /** What its expressions are written in: a selector such as `{app="a"}` is PromQL and LogQL. */
  readonly language: RuleLanguage;
  /** YAML. */
  readonly text: string;
  readonly group: FileGroup;
};

const groupsMax = 5_000;
const nameMax = 1_000;
const Row = z.object({
  namespace: z.string(),
  name: z.string(),
  language: z.enum(ruleLanguages),
  content: z.string(),
});

type Parts = {
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly tenant: string;
  /** The wall clock, Unix milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
};

/** Groups of rules that were made by API: in the catalog, and in memory. */
export class StoredRules {
  readonly #parts: Parts;
  /** By namespace and name. */
  readonly #groups = new Map<string, StoredGroup>();
  /** Puts the groups in force after a change. */
  #onChange: () => void = () => {};

  /** A group that an older version wrote and this one cannot read is left out, with a log line. */
  static async open(parts: Parts): Promise<StoredRules> {
    const { catalog, tenant, log } = parts;
    const stored = new StoredRules(parts);
    const rows = await catalog.transaction("read groups of rules", async (sql) =>
      z
        .array(Row)
        .parse([
          ...(await sql`SELECT namespace, name, language, content FROM rule_groups WHERE tenant = ${tenant}`),
        ]),
    );
    for (const { namespace, name, language, content } of rows) {
      try {
        stored.#set({ namespace, language, text: content, group: readGroup(content, language) });
      } catch (thrown) {
        log.error("a stored group of rules is not used", {
          namespace,
          group: name,
          error: messageOf(thrown),
        });
      }
    }
    return stored;
  }

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  onChange(apply: () => void): void {
    this.#onChange = apply;
  }

  /** By namespace, then by name. */
  get all(): readonly StoredGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  find(namespace: string, name: string): StoredGroup | undefined {
    return this.#groups.get(keyOf({ namespace, group: { name } }));
  }

  /** As they are evaluated; the namespace stands for the file. */
  groups(defaults: Pick<RulesConfig, "evaluation_interval" | "query_offset">): RuleGroup[] {
    return this.all.map(({ namespace, group }) => ({
      ...group,
      file: namespace,
      intervalMs: group.intervalMs ?? defaults.evaluation_interval,
      queryOffsetMs: group.queryOffsetMs ?? defaults.query_offset,
    }));
  }

  /**
   * Makes a group, or replaces the one of its name. Throws OperatingError: "bad_request" with all mistakes, "overloaded" where there
   * are too many groups.
   */
  async put(namespace: string, text: string, language: RuleLanguage): Promise<StoredGroup> {
    if (namespace === "" || namespace.length > nameMax)
      throw new OperatingError("bad_request", `namespace: expected 1 to ${nameMax} characters`);
    const stored = { namespace, language, text, group: readGroup(text, language) };
    const { name } = stored.group;
    if (name.length > nameMax)
      throw new OperatingError("bad_request", `name: expected at most ${nameMax} characters`);
    if (this.#groups.size >= groupsMax && !this.#groups.has(keyOf(stored)))
      throw new OperatingError("overloaded", `there are ${groupsMax} groups of rules already`);
    const { catalog, tenant, now } = this.#parts;
    const updatedMs = Math.round(now());
    await catalog.fenced(
      "write a group of rules",
      (sql) => sql`INSERT INTO rule_groups (tenant, namespace, name, language, content, updated_ms)
        VALUES (${tenant}, ${namespace}, ${name}, ${language}, ${text}, ${updatedMs})
        ON CONFLICT (tenant, namespace, name) DO UPDATE SET language = excluded.language,
          content = excluded.content,
          updated_ms = excluded.updated_ms`,
    );
    this.#set(stored);
    this.#onChange();
    return stored;
  }

  /** Removes a group, or without a name all of a namespace. False where there is none. */
  async remove(namespace: string, name?: string): Promise<boolean> {
    const gone = this.all.filter(
      (one) => one.namespace === namespace && (name === undefined || one.group.name === name),
    );
    if (gone.length === 0) return false;
    const { catalog, tenant } = this.#parts;
    await catalog.fenced("remove groups of rules", async (sql) => {
      for (const { group } of gone)
        await sql`DELETE FROM rule_groups
          WHERE tenant = ${tenant} AND namespace = ${namespace} AND name = ${group.name}`;
    });
    for (const one of gone) this.#groups.delete(keyOf(one));
    this.#onChange();
    return true;
  }

  #set(stored: StoredGroup): void {
    this.#groups.set(keyOf(stored), stored);
  }
}

function keyOf({
  namespace,
  group,
}: {
  readonly namespace: string;
  readonly group: { readonly name: string };
}): string {
  return JSON.stringify([namespace, group.name]);
}
