import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  deleteGroup,
  listStoredGroups,
  putGroup,
  type RuleLanguage,
} from "../../../client/rules.ts";
import { showToast } from "../../../overlays/toast.ts";
import { rulesKey } from "../../../queries/alerts.ts";
import { groupWithRule, groupWithoutRule, type RulePlace } from "./group_code.ts";
import type { RuleDraft } from "./rule_draft.ts";

/** Where a rule is that is changed. */
export type StoredPlace = RulePlace & {
  readonly namespace: string;
  readonly group: string;
  readonly language: RuleLanguage;
};

/** Saves and removes rules; the groups are read again before, so that what others changed meanwhile stays. */
export function useSave(changed: StoredPlace | undefined, onDone: () => void) {
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const act = async (work: () => Promise<void>, title: string): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
      showToast({ state: "good", title });
      await queries.invalidateQueries({ queryKey: rulesKey });
      onDone();
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  };
  return {
    failure,
    isBusy,
    save: (draft: RuleDraft) => act(() => saveRule(draft, changed), "The rule is in force"),
    remove: () =>
      act(async () => {
        if (changed !== undefined) await removeRule(changed);
      }, "The rule is deleted"),
  };
}

async function yamlOf(namespace: string, group: string): Promise<string | undefined> {
  const all = await listStoredGroups();
  return all.find((one) => one.namespace === namespace && one.name === group)?.yaml;
}

async function saveRule(draft: RuleDraft, changed: StoredPlace | undefined): Promise<void> {
  const [namespace, group] = [draft.namespace.trim(), draft.group.trim()];
  const stays = changed?.namespace === namespace && changed.group === group;
  const before = await yamlOf(namespace, group);
  await putGroup(
    namespace,
    groupWithRule(before, draft, stays ? changed : undefined),
    draft.language,
  );
  // Only when it is in its new group: a failure must not lose it.
  if (changed !== undefined && !stays) await removeRule(changed);
}

async function removeRule({ namespace, group, language, ...place }: StoredPlace): Promise<void> {
  const before = await yamlOf(namespace, group);
  if (before === undefined) return;
  const left = groupWithoutRule(before, place);
  if (left === undefined) await deleteGroup(namespace, group);
  else await putGroup(namespace, left, language);
}
