import { recordOf } from "./form_of.ts";

type Values = Readonly<Record<string, unknown>>;

/** A field as `organize` leaves it: at its place, shown or not, under its name. */
export type OrganizedField = {
  readonly field: string;
  readonly isShown: boolean;
  /** Empty where it keeps its own. */
  readonly name: string;
};

/** The fields that there are, and those that the options name, in the order that they come in. */
export function organizedFields(options: Values, names: readonly string[]): OrganizedField[] {
  const [excluded, included, index, renamed] = [
    recordOf(options["excludeByName"]),
    recordOf(options["includeByName"]),
    recordOf(options["indexByName"]),
    recordOf(options["renameByName"]),
  ];
  const onlyIncluded = Object.values(included).includes(true);
  const all = [
    ...new Set([...names, ...[excluded, included, index, renamed].flatMap(Object.keys)]),
  ];
  const placeOf = (field: string, i: number): number => {
    const place = index[field];
    return typeof place === "number" ? place : 10_000 + i;
  };
  return all
    .map((field, i) => ({ field, place: placeOf(field, i) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ field }) => ({
      field,
      isShown: excluded[field] !== true && (!onlyIncluded || included[field] === true),
      name: typeof renamed[field] === "string" ? renamed[field] : "",
    }));
}

/** The options that say so, in Grafana's form; what else they have stays. */
export function organizeOptions(before: Values, fields: readonly OrganizedField[]): Values {
  const { includeByName: _included, ...rest } = before;
  return {
    ...rest,
    excludeByName: Object.fromEntries(
      fields.filter(({ isShown }) => !isShown).map(({ field }) => [field, true]),
    ),
    indexByName: Object.fromEntries(fields.map(({ field }, i) => [field, i])),
    renameByName: Object.fromEntries(
      fields.filter(({ name }) => name !== "").map(({ field, name }) => [field, name]),
    ),
  };
}
