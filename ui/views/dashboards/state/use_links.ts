import { useCallback } from "react";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { interpolateLink, safeAddress } from "../../../dashboards/model/data_links.ts";
import { fieldName } from "../../../dashboards/model/field_options.ts";
import type { PanelMoment } from "../../../dashboards/runner/question.ts";
import { displayOf, displayText } from "../../../plot/display.ts";
import type { Field, Frame } from "../../../frames/frame.ts";
import { useDark } from "../../../state/theme.ts";
import { useBoard } from "./board_context.ts";

/** The links of a cell or a point, filled in; those that are not safe to open are left out. */
export function useLinksOf(
  frames: readonly Frame[],
  moment: PanelMoment,
): (field: Field, index: number) => readonly DataLink[] {
  const { scope } = useBoard();
  const dark = useDark();
  return useCallback(
    (field: Field, row: number) => {
      const frame = frames.find(({ fields }) => fields.includes(field)) ?? frames[0];
      if (frame === undefined) return [];
      const display = (other: Field, at: number): string =>
        displayText(displayOf(other, { dark, timeZone: scope.timeZone })(other.values[at]));
      const place = { frame, field, row, displayName: fieldName(field), display };
      const filled = (text: string): string =>
        interpolateLink(text, moment.variables, { ...place, range: moment.range });
      return (field.options.links ?? []).flatMap((link) => {
        const url = safeAddress(filled(link.url));
        const title = filled(link.title);
        return url === undefined ? [] : [{ ...link, url, title: title === "" ? url : title }];
      });
    },
    [frames, moment, scope.timeZone, dark],
  );
}
