import { type SampleSink, familiesByKey, gauge, untyped } from "../../collect/samples/family.ts";
import { type SqlRow, labelOf } from "../connections/sql_connection.ts";
import { variableValue } from "./variable_value.ts";

const labels = ["master_host", "master_uuid", "channel_name", "connection_name"];
const plain = familiesByKey((name) =>
  untyped(`mysql_slave_status_${name}`, "A number of SHOW REPLICA STATUS.", labels),
);
const gtids = new Map(
  ["Gtid_IO_Pos", "Gtid_Slave_Pos"].map((column) => [
    column,
    gauge(
      `mysql_slave_status_${column.toLowerCase()}`,
      "Sequence number up to which a replica is, by domain and server.",
      [...labels, "domain_id", "server_id"],
    ),
  ]),
);

/** The statement of this version; MySQL has dropped the old words in 8.4. */
export function replicationSql(isMariadb: boolean, version: number): string {
  if (isMariadb) return "SHOW ALL SLAVES STATUS";
  return version >= 804 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

/** A row for each source that the server follows; none where it follows nobody. Columns of MySQL 8.4 come under their old names, too. */
export function addReplication(sink: SampleSink, rows: readonly SqlRow[]): void {
  for (const row of rows) {
    const values = [
      labelOf(row.Master_Host ?? row.Source_Host),
      labelOf(row.Master_UUID ?? row.Source_UUID),
      labelOf(row.Channel_Name),
      labelOf(row.Connection_name),
    ];
    for (const [column, raw] of Object.entries(row)) {
      const gtid = gtids.get(column);
      if (gtid !== undefined) {
        for (const [domain, server, sequence] of gtidsOf(labelOf(raw)))
          sink.add(gtid, Number(sequence), ...values, domain, server);
        continue;
      }
      const value = variableValue(raw);
      if (value === undefined) continue;
      const name = column.toLowerCase();
      sink.add(plain(name), value, ...values);
      const old = name.replace("source", "master").replace("replica", "slave");
      if (old !== name && !(old in row)) sink.add(plain(old), value, ...values);
    }
  }
}

/** "0-1-100,1-2-7": domain, server and sequence number each. */
function gtidsOf(text: string): [string, string, string][] {
  return text.split(",").flatMap((one): [string, string, string][] => {
    const [, domain = "", server = "", sequence = ""] = /^(\d+)-(\d+)-(\d+)$/.exec(one) ?? [];
    return sequence === "" ? [] : [[domain, server, sequence]];
  });
}
