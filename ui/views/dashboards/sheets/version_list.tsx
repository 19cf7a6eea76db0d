import { useMemo, useState } from "react";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";
import type { DashboardRow, DashboardVersionRow } from "../../../client/dashboard_service.ts";
import { showToast } from "../../../overlays/toast.ts";
import { useDashboardVersions, useSaveDashboard } from "../../../queries/dashboards.ts";
import { useNow } from "../../../state/media.ts";
import { Ago } from "../../../elements/ago.tsx";
import { Empty, Picture, Skeleton } from "../../../widgets/picture.tsx";
import { DifferenceView } from "./difference_view.tsx";
import type { Editor } from "../state/use_editor.ts";
import { Button } from "../../../elements/buttons.tsx";

type Props = {
  readonly uid: string;
  readonly row: DashboardRow | undefined;
  readonly editor: Editor;
};

/** The versions of a dashboard, the newest first, what each changed, and the way back to it. */
export function VersionList({ uid, row, editor }: Props) {
  const versions = useDashboardVersions(uid);
  const [shown, setShown] = useState<number>();
  const nowMs = useNow(30_000);
  const { restore, isBusy } = useRestore(uid, row, editor);
  return (
    <Picture query={versions} skeleton={<Skeleton rows={6} height={28} />}>
      {(list) =>
        list.length === 0 || (row !== undefined && row.origin !== "saved") ? (
          <Empty title="No versions are kept">
            A dashboard from a file or of Lapwing itself has none: save a copy to change it.
          </Empty>
        ) : (
          <ol className="versions">
            {list.map((version, i) => (
              <li key={version.version} className="version">
                <div className="version-head">
                  <strong>Version {version.version}</strong>
                  <Ago ms={version.createdMs} nowMs={nowMs} className="quiet" />
                  <span className="clip">{version.message}</span>
                  <span className="spacer" />
                  <button
                    type="button"
                    className="button"
                    aria-expanded={shown === version.version}
                    onClick={() =>
                      setShown(shown === version.version ? undefined : version.version)
                    }
                  >
                    Changes
                  </button>
                  <Button
                    disabled={i === 0 || isBusy || row?.origin !== "saved"}
                    onClick={() => restore(version)}
                  >
                    Restore
                  </Button>
                </div>
                {shown === version.version && (
                  <VersionChanges before={list[i + 1]} after={version} />
                )}
              </li>
            ))}
          </ol>
        )
      }
    </Picture>
  );
}

/** The document of an older version becomes the newest one. */
function useRestore(uid: string, row: DashboardRow | undefined, editor: Editor) {
  const save = useSaveDashboard();
  const restore = (version: DashboardVersionRow): void => {
    const document = Dashboard.safeParse(JSON.parse(version.document));
    if (!document.success) {
      showToast({ title: `Version ${version.version} can't be read`, state: "bad" });
      return;
    }
    save.mutate(
      {
        uid,
        document: version.document,
        folder: row?.folder ?? "",
        message: `Restored version ${version.version}`,
        basedOn: row?.version ?? 0,
      },
      {
        onSuccess: () => {
          editor.reset(document.data);
          showToast({ title: `Version ${version.version} is restored`, state: "good" });
        },
        onError: (error) =>
          showToast({ title: "Not restored", detail: messageOf(error), state: "bad" }),
      },
    );
  };
  return { restore, isBusy: save.isPending };
}

function VersionChanges({
  before,
  after,
}: {
  readonly before: DashboardVersionRow | undefined;
  readonly after: DashboardVersionRow;
}) {
  const read = useMemo(
    () =>
      [before, after].map((each) =>
        each === undefined ? undefined : Dashboard.safeParse(JSON.parse(each.document)).data,
      ),
    [before, after],
  );
  if (before === undefined) return <p className="quiet">The first version that is kept.</p>;
  const [old, next] = read;
  if (old === undefined || next === undefined) {
    return <p className="state bad">It can't be compared.</p>;
  }
  return <DifferenceView before={old} after={next} />;
}
