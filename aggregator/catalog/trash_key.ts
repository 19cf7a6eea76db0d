/** Why an object lies in the trash. */
export const trashReasons = ["retention", "sweep", "rebuild"] as const;
export type TrashReason = (typeof trashReasons)[number];

export type TrashName = {
  readonly reason: TrashReason;
  readonly trashedMs: number;
  /** The key that it had. */
  readonly origin: string;
};

/** Hidden, as `.incoming` is: engines that read the folder leave out names that begin with a dot. */
export const trashPrefix = ".trash/";
/** And no glob for *.parquet matches it. */
const end = ".trash";

export function trashKey({ reason, trashedMs, origin }: TrashName): string {
  const time = new Date(trashedMs).toISOString().replaceAll(":", "-");
  return `${trashPrefix}${reason}/${time}/${origin}${end}`;
}

/** The other way round; undefined for another object's key. */
export function parseTrashKey(key: string): TrashName | undefined {
  const pattern =
    /^\.trash\/(?<reason>[a-z]+)\/(?<date>[^/T]+)T(?<time>[^/]+)\/(?<origin>.+)\.trash$/;
  const { reason, date, time, origin } = pattern.exec(key)?.groups ?? {};
  const known = trashReasons.find((one) => one === reason);
  const trashedMs = Date.parse(`${date}T${time?.replaceAll("-", ":")}`);
  if (known === undefined || origin === undefined || Number.isNaN(trashedMs)) return undefined;
  return { reason: known, trashedMs, origin };
}
