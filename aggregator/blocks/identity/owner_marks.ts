import { parseIdentity, type ProcessIdentity } from "#shared/runtime/process/process_identity.ts";
import { type ObjectPlace, putJson, readJson } from "../../objects/json_object.ts";

/** Each process that writes to the storage has an object here while it runs; a clean stop removes it. */
const prefix = "lapwing/owners/";

export type OwnerMark = { readonly claim: string; readonly process: ProcessIdentity };

/** Claims that have a mark. */
export async function markedClaims({ objects }: Pick<ObjectPlace, "objects">): Promise<string[]> {
  const claims: string[] = [];
  for await (const { key } of objects.list(prefix))
    if (key.endsWith(".json")) claims.push(key.slice(prefix.length, -".json".length));
  return claims.toSorted();
}

export async function putMark(place: ObjectPlace, { claim, process }: OwnerMark): Promise<void> {
  await putJson(place, keyOf(claim), process);
}

/** What a mark says; undefined where it is gone meanwhile, or can't be read. */
export async function readMark(place: ObjectPlace, claim: string): Promise<OwnerMark | undefined> {
  const process = parseIdentity(JSON.stringify(await readJson(place, keyOf(claim))));
  return process === undefined ? undefined : { claim, process };
}

export async function removeMark({ objects }: Pick<ObjectPlace, "objects">, claim: string) {
  await objects.delete(keyOf(claim));
}

/** For a command that settles who owns the storage. A process that is at work all the same marks itself again within a minute. */
export async function removeMarks(place: Pick<ObjectPlace, "objects">): Promise<void> {
  for (const claim of await markedClaims(place)) await removeMark(place, claim);
}

function keyOf(claim: string): string {
  return `${prefix}${claim}.json`;
}
