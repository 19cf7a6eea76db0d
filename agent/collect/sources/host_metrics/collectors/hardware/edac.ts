import type { Collector } from "../../collector.ts";
import { counter } from "../../../../samples/family.ts";
import { listNames, readNumber } from "../../text_file.ts";

const byController = ["controller"] as const;
const byRow = ["controller", "csrow"] as const;
const corrected = counter(
  "node_edac_correctable_errors_total",
  "Memory errors that were corrected.",
  byController,
);
const uncorrected = counter(
  "node_edac_uncorrectable_errors_total",
  "Memory errors that could not be corrected.",
  byController,
);
const rowCorrected = counter(
  "node_edac_csrow_correctable_errors_total",
  "Memory errors of one row that were corrected.",
  byRow,
);
const rowUncorrected = counter(
  "node_edac_csrow_uncorrectable_errors_total",
  "Memory errors of one row that could not be corrected.",
  byRow,
);

export const edac: Collector = {
  name: "edac",
  create({ sys }) {
    const base = `${sys}/devices/system/edac/mc`;
    return (sink) => {
      for (const name of listNames(base) ?? []) {
        const controller = /^mc(\d+)$/.exec(name)?.[1];
        if (controller === undefined) continue;
        const pairs = [
          ["ce_count", corrected],
          ["ue_count", uncorrected],
          ["ce_noinfo_count", rowCorrected],
          ["ue_noinfo_count", rowUncorrected],
        ] as const;
        for (const [file, family] of pairs) {
          // Errors that cannot be told to a row are counted as row "unknown".
          const row = file.includes("noinfo") ? ["unknown"] : [];
          const count = readNumber(`${base}/${name}/${file}`);
          if (count !== undefined) sink.add(family, count, controller, ...row);
        }
        for (const rowName of listNames(`${base}/${name}`) ?? []) {
          const row = /^csrow(\d+)$/.exec(rowName)?.[1];
          if (row === undefined) continue;
          const ce = readNumber(`${base}/${name}/${rowName}/ce_count`);
          const ue = readNumber(`${base}/${name}/${rowName}/ue_count`);
          if (ce !== undefined) sink.add(rowCorrected, ce, controller, row);
          if (ue !== undefined) sink.add(rowUncorrected, ue, controller, row);
        }
      }
    };
  },
};
