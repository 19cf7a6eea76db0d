import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { revokeToken, type TokenRow } from "../../client/fleet.ts";
import { ConfirmDialog } from "../../overlays/dialog.tsx";
import { showToast } from "../../overlays/toast.ts";
import { formatAgo } from "../../units/format.ts";
import { useNow } from "../../state/media.ts";
import { Ago } from "../../elements/ago.tsx";
import type { RowColumn } from "../../widgets/row_columns.ts";
import { RowTable } from "../../widgets/row_table.tsx";
import { tokenState } from "./token_state.ts";

type Props = { readonly tokens: readonly TokenRow[]; readonly mayChange: boolean };

/** Tokens, without their secrets; those in force can be made useless. */
export function TokenList({ tokens, mayChange }: Props) {
  const queries = useQueryClient();
  const nowMs = useNow(5_000);
  const [asked, setAsked] = useState<TokenRow>();
  const columns = useMemo(
    () => tokenColumns(nowMs, mayChange ? setAsked : undefined),
    [nowMs, mayChange],
  );
  const revoke = async ({ id }: TokenRow): Promise<void> => {
    try {
      await revokeToken(id);
      showToast({ state: "good", title: `Token ${id} is revoked` });
      await queries.invalidateQueries({ queryKey: ["fleet", "enrolments"] });
    } catch (thrown) {
      showToast({ state: "bad", title: `Token ${id} is not revoked`, detail: messageOf(thrown) });
    }
  };
  if (tokens.length === 0) return null;
  return (
    <section className="block" aria-label="Tokens">
      <h2>Tokens</h2>
      <RowTable
        id="tokens"
        label="Enrolment tokens"
        rows={tokens}
        columns={columns}
        heightMax={320}
      />
      {asked !== undefined && (
        <ConfirmDialog
          open
          onOpenChange={() => setAsked(undefined)}
          title={`Revoke token ${asked.id}`}
          text="No further host can enrol with it. Hosts that did stay enrolled."
          verb="Revoke token"
          danger
          onConfirm={() => void revoke(asked)}
        />
      )}
    </section>
  );
}

function tokenColumns(
  nowMs: number,
  onRevoke: ((token: TokenRow) => void) | undefined,
): RowColumn<TokenRow>[] {
  const state = (token: TokenRow): string => tokenState(token, nowMs);
  return [
    { key: "id", title: "Token", width: 160, value: ({ id }) => id },
    { key: "state", title: "State", width: 90, value: state },
    {
      key: "uses",
      title: "Used",
      isNumber: true,
      width: 96,
      value: ({ uses }) => uses,
      text: ({ uses, usesMax }) => `${uses} of ${usesMax}`,
    },
    {
      key: "expires",
      title: "Expires",
      isTime: true,
      width: 110,
      onPhone: false,
      value: ({ expiresMs }) => expiresMs,
      text: ({ expiresMs }) => formatAgo(expiresMs, nowMs),
      cell: ({ expiresMs }) => <Ago ms={expiresMs} nowMs={nowMs} />,
    },
    {
      key: "labels",
      title: "Labels",
      onPhone: false,
      value: ({ labels }) =>
        Object.entries(labels)
          .map(([name, value]) => `${name}=${value}`)
          .join(", "),
    },
    ...(onRevoke !== undefined
      ? [
          {
            key: "revoke",
            title: "Revoke",
            width: 90,
            value: () => "",
            text: () => "",
            cell: (token: TokenRow) =>
              state(token) === "in force" && (
                <button type="button" className="link" onClick={() => onRevoke(token)}>
                  Revoke
                </button>
              ),
          },
        ]
      : []),
  ];
}
