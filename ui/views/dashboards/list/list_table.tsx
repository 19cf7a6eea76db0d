import { Link, useNavigate } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { messageOf } from "#shared/errors.ts";
import type { DashboardRow } from "../../../client/dashboard_service.ts";
import { ConfirmDialog } from "../../../overlays/dialog.tsx";
import { Menu, type MenuEntry } from "../../../overlays/menu.tsx";
import { showToast } from "../../../overlays/toast.ts";
import { useDeleteDashboard, useStarDashboard } from "../../../queries/dashboards.ts";
import { useNow } from "../../../state/media.ts";
import { useServices } from "../../../queries/services.ts";
import { Ago } from "../../../elements/ago.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { downloadDocument } from "../documents/document_file.ts";
import { originWords, type ListColumn, type ListGroup } from "./list_rows.ts";

type Props = {
  readonly groups: readonly ListGroup[];
  readonly sort: ListColumn;
  readonly down: boolean;
  readonly onSort: (column: ListColumn) => void;
  readonly onTag: (tag: string) => void;
};

const tagsShown = 4;

/** A row a dashboard, under headings where it is sorted by folder; cards on a phone. */
export function ListTable({ groups, sort, down, onSort, onTag }: Props) {
  const nowMs = useNow(30_000);
  const [doomed, setDoomed] = useState<DashboardRow>();
  const head = (column: ListColumn, word: string, className = "") => (
    <th
      scope="col"
      className={className}
      aria-sort={sort === column ? (down ? "descending" : "ascending") : undefined}
    >
      <button type="button" className="sort" onClick={() => onSort(column)}>
        {word}
      </button>
    </th>
  );
  return (
    <>
      <table className="table board-list">
        <thead>
          <tr>
            <td className="sign" />
            {head("title", "Title")}
            {head("folder", "Folder")}
            <th scope="col">Tags</th>
            {head("panels", "Panels", "number")}
            {head("updated", "Changed")}
            <th scope="col">From</th>
            <td className="sign" />
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <Fragment key={group.name ?? " "}>
              {group.name !== undefined && (groups.length > 1 || group.name !== "") && (
                <tr className="board-folder">
                  <th scope="rowgroup" colSpan={8}>
                    <Icon name="folder" /> {group.name === "" ? "No folder" : group.name}{" "}
                    <span className="quiet">{group.rows.length}</span>
                  </th>
                </tr>
              )}
              {group.rows.map((row) => (
                <Row key={row.uid} row={row} nowMs={nowMs} onTag={onTag} onDelete={setDoomed} />
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
      <DeleteDialog doomed={doomed} onClose={() => setDoomed(undefined)} />
    </>
  );
}

function DeleteDialog({
  doomed,
  onClose,
}: {
  readonly doomed: DashboardRow | undefined;
  readonly onClose: () => void;
}) {
  const remove = useDeleteDashboard();
  return (
    <ConfirmDialog
      open={doomed !== undefined}
      onOpenChange={onClose}
      title={`Delete "${doomed?.title ?? ""}"?`}
      text="The dashboard and all of its versions are deleted. This can't be undone."
      verb="Delete"
      danger
      onConfirm={() => {
        if (doomed !== undefined) {
          remove.mutate(doomed.uid, {
            onSuccess: () => showToast({ title: `Deleted "${doomed.title}"` }),
            onError: (error) =>
              showToast({
                title: `"${doomed.title}" is not deleted`,
                detail: messageOf(error),
                state: "bad",
              }),
          });
        }
      }}
    />
  );
}

type RowProps = {
  readonly row: DashboardRow;
  readonly nowMs: number;
  readonly onTag: (tag: string) => void;
  readonly onDelete: (row: DashboardRow) => void;
};

function Row({ row, nowMs, onTag, onDelete }: RowProps) {
  const star = useStarDashboard();
  const { uid, starred } = row;
  return (
    <tr>
      <td className="sign">
        <button
          type="button"
          className={starred ? "star on" : "star"}
          aria-pressed={starred}
          aria-label={`Star ${row.title}`}
          onClick={() => star.mutate({ uid, starred: !starred })}
        >
          <Icon name="star" />
        </button>
      </td>
      <td className="board-title">
        <Link to="/dashboards/$uid" params={{ uid }} className="clip" title={row.description}>
          {row.title}
        </Link>
        {row.fault !== "" && (
          <span className="state bad" title={row.fault}>
            <Icon name="warning" /> <span className="clip">{row.fault}</span>
          </span>
        )}
      </td>
      <td className="board-in quiet">{row.folder}</td>
      <td className="board-tags">
        {row.tags.slice(0, tagsShown).map((tag) => (
          <button key={tag} type="button" className="tag" onClick={() => onTag(tag)}>
            {tag}
          </button>
        ))}
        {row.tags.length > tagsShown && (
          <span className="quiet" title={row.tags.slice(tagsShown).join(", ")}>
            +{row.tags.length - tagsShown}
          </span>
        )}
      </td>
      <td className="number">{row.panels}</td>
      <td className="quiet">{row.updatedMs > 0 && <Ago ms={row.updatedMs} nowMs={nowMs} />}</td>
      <td className="quiet" title={row.source}>
        {originWords[row.origin]}
      </td>
      <td className="sign">
        <RowMenu row={row} onDelete={onDelete} />
      </td>
    </tr>
  );
}

function RowMenu({
  row,
  onDelete,
}: {
  readonly row: DashboardRow;
  readonly onDelete: (row: DashboardRow) => void;
}) {
  const { dashboards } = useServices();
  const navigate = useNavigate();
  const download = async (): Promise<void> => {
    try {
      downloadDocument(row.title, (await dashboards.getDashboard(row.uid, 0)).document);
    } catch (error) {
      showToast({
        title: `"${row.title}" is not exported`,
        detail: messageOf(error),
        state: "bad",
      });
    }
  };
  const entries: MenuEntry[] = [
    {
      label: "Edit",
      onSelect: () =>
        void navigate({
          to: "/dashboards/$uid",
          params: { uid: row.uid },
          search: { edit: "yes" },
        }),
    },
    { label: "Export JSON", onSelect: () => void download() },
  ];
  if (row.origin === "saved") {
    entries.push("line", { label: "Delete", danger: true, onSelect: () => onDelete(row) });
  }
  return (
    <Menu
      label={`Actions of ${row.title}`}
      trigger={
        <button type="button" className="icon-button plain" aria-label={`Actions of ${row.title}`}>
          <Icon name="more" />
        </button>
      }
      entries={entries}
    />
  );
}
