/** What `virsh domstats --raw` says of one domain: fields as virConnectGetAllDomainStats names them. */
export type DomainStats = {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
};

/** Reads the output of `virsh domstats --raw`: a line `Domain: 'NAME'`, then indented lines `field=value`. Other lines are passed over. */
export function readDomainStats(text: string): DomainStats[] {
  const domains: { name: string; fields: Map<string, string> }[] = [];
  for (const line of text.split("\n")) {
    const name = /^Domain: '(.*)'$/.exec(line)?.[1];
    if (name !== undefined) {
      domains.push({ name, fields: new Map() });
      continue;
    }
    const [, field, value] = /^ {2}([a-z][A-Za-z0-9_.-]*)=(.*)$/.exec(line) ?? [];
    if (field !== undefined && value !== undefined) domains.at(-1)?.fields.set(field, value);
  }
  return domains;
}

/** Whole numbers as virsh prints them; undefined for anything else, and where the domain does not tell. */
export function numberIn(stats: DomainStats, field: string): number | undefined {
  const text = stats.fields.get(field);
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

/** Numbers of the list `field`: "block" has `block.count`, `block.0.name`, and so on. */
export function placesIn(stats: DomainStats, field: string, most: number): number[] {
  const count = Math.min(numberIn(stats, `${field}.count`) ?? 0, most);
  return Array.from({ length: count }, (_, place) => place);
}

/** What `virsh pool-info --bytes` says of one storage pool. */
export type PoolInfo = ReadonlyMap<string, string>;

/** Reads the output of one or more `virsh pool-info --bytes`: lines `Key:   value`, each pool begun by its name. */
export function readPools(text: string): PoolInfo[] {
  const pools: Map<string, string>[] = [];
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Z][a-z]+|UUID): +(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (key === "Name") pools.push(new Map());
    pools.at(-1)?.set(key, value);
  }
  return pools;
}
