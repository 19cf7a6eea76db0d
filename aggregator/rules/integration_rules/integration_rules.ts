import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { OperatingError } from "#shared/errors.ts";
import { plainRulesText } from "../plain_rules.ts";
import type { RuleGroup } from "../rule.ts";
import { type FileGroup, checkRuleFile } from "../rule_file.ts";
import type { IntegrationRulesConfig } from "./config.ts";
import { type LoadProvidedRules, type TunedFile, tunedRules } from "./provided_rules.ts";

type KindGroups = readonly (FileGroup & { readonly file: string })[];

/** The rules that come with Lapwing, as one configuration wants them. Those of a kind are parsed when it is found. */
export class IntegrationRules {
  readonly #files: ReadonlyMap<string, readonly TunedFile[]>;
  readonly #also: readonly string[];
  readonly #parsed = new Map<string, KindGroups>();

  /** None at all. */
  static readonly none = new IntegrationRules(new Map(), []);

  /** Throws OperatingError("bad_request") with all mistakes of the configuration. */
  static async read(
    load: LoadProvidedRules | undefined,
    { integrations: config }: { readonly integrations: IntegrationRulesConfig },
  ): Promise<IntegrationRules> {
    if (load === undefined) return IntegrationRules.none;
    const { kinds, mistakes } = tunedRules(await load(), config);
    if (mistakes.length > 0) throw new OperatingError("bad_request", mistakes.join("\n"));
    if (!config.enabled) return IntegrationRules.none;
    return new IntegrationRules(
      new Map(kinds.map(({ kind, files }) => [kind, files])),
      config.also,
    );
  }

  private constructor(files: ReadonlyMap<string, readonly TunedFile[]>, also: readonly string[]) {
    this.#files = files;
    this.#also = also;
  }

  /** Parses the rules of these kinds: groups() has them from then on. */
  async prepare(found: ReadonlySet<string>): Promise<void> {
    for (const kind of this.#wanted(found)) {
      if (this.#parsed.has(kind)) continue;
      const groups: (FileGroup & { readonly file: string })[] = [];
      for (const { file, groups: plain } of this.#files.get(kind) ?? []) {
        if (isTurnOver()) await nextTurn();
        // What was changed is checked with the rest: an expression may be valid, and a name it makes not.
        const checked = checkRuleFile(plainRulesText(plain), "promql");
        groups.push(...checked.groups.map((group) => ({ ...group, file })));
      }
      this.#parsed.set(kind, groups);
    }
  }

  /** Groups of the kinds that were found, of those that are parsed. */
  groups(
    found: ReadonlySet<string>,
    defaults: { readonly evaluation_interval: number; readonly query_offset: number },
  ): RuleGroup[] {
    return this.#wanted(found).flatMap((kind) =>
      (this.#parsed.get(kind) ?? []).map((group) => ({
        ...group,
        intervalMs: group.intervalMs ?? defaults.evaluation_interval,
        queryOffsetMs: group.queryOffsetMs ?? defaults.query_offset,
      })),
    );
  }

  /** Sorted, so that the order of groups does not depend on when agents were heard. */
  #wanted(found: ReadonlySet<string>): string[] {
    return [...new Set([...found, ...this.#also])]
      .filter((kind) => this.#files.has(kind))
      .toSorted();
  }
}
