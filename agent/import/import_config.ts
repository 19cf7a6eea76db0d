import { OperatingError, messageOf } from "#shared/errors.ts";
import { Account, type Remark } from "./account.ts";
import { ImportMistakes } from "./mistakes.ts";
import { Plan } from "./plan.ts";
import { leaveOutRefused } from "./refused_parts.ts";
import { Section } from "./section.ts";
import type { MapNode } from "./source_tree.ts";
import { type Shipper, shippers } from "./shippers.ts";
import type { ReadSurroundings } from "./surroundings.ts";
import { writePlan } from "./write_plan.ts";

export type Imported = {
  /** The text of a lapwing.yaml. */
  readonly text: string;
  readonly remarks: readonly Remark[];
  readonly carried: number;
  readonly lost: number;
  readonly account: Account;
  readonly root: MapNode;
};

/**
 * The configuration of another shipper as one of ours. Throws OperatingError("bad_request") that names every mistake of the file with
 * its place, one a line.
 */
export function importConfig(
  shipper: Shipper,
  text: string,
  surroundings: Omit<ReadSurroundings, "mistakes">,
): Imported {
  const mistakes = new ImportMistakes();
  const root = shippers[shipper].read(text, { ...surroundings, mistakes });
  mistakes.throwIfAny();
  const { plan, account, write } = converted(shipper, root, surroundings.file);
  try {
    leaveOutRefused(plan, write, { account, root });
  } catch (cause) {
    const message = `the result would be no configuration of ours:\n${messageOf(cause)}`;
    throw new OperatingError("bad_request", message, { cause });
  }
  return { text: write(), remarks: account.remarks, ...account.counts, account, root };
}

/** The same of a file that is read already; without the check of the result. */
export function importTree(shipper: Shipper, root: MapNode, file: string): Imported {
  const { account, write } = converted(shipper, root, file);
  return { text: write(), remarks: account.remarks, ...account.counts, account, root };
}

function converted(
  shipper: Shipper,
  root: MapNode,
  file: string,
): { readonly plan: Plan; readonly account: Account; readonly write: () => string } {
  const [mistakes, account, plan] = [new ImportMistakes(), new Account(), new Plan()];
  shippers[shipper].convert(new Section(root, account, mistakes), plan);
  account.close(root);
  mistakes.throwIfAny();
  const head =
    `Made of ${file} by "lapwing import ${shipper}".\n` +
    "Nothing is collected but what is named here; host_metrics and self_logs are sources, too.";
  return { plan, account, write: () => writePlan(plan, head) };
}

/** Names of the parts that stop the import, without those that are accepted; sorted. */
export function unacceptedOf(remarks: readonly Remark[], accepted: readonly string[]): string[] {
  const names = new Set(remarks.flatMap(({ stop }) => (stop === undefined ? [] : [stop.name])));
  return [...names].filter((name) => !accepted.includes(name)).toSorted();
}
