import { getRouteApi, Link } from "@tanstack/react-router";
import { messageOf } from "#shared/errors.ts";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { usePageTitle } from "../../state/page_title.ts";
import { Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { BoardPage } from "./board_page.tsx";
import { useOpened } from "./state/use_opened.ts";

const route = getRouteApi("/dashboards/$uid");

/** A dashboard by its uid. */
export function DashboardView() {
  const { uid } = route.useParams();
  const { file, opened } = useOpened(uid);
  usePageTitle(file.data?.row.title);
  if (file.isError && file.data === undefined && isNotFound(file.error)) {
    return (
      <section className="page">
        <Empty title={`No dashboard has the uid "${uid}"`}>
          It may have been deleted. <Link to="/dashboards">All dashboards</Link>
        </Empty>
      </section>
    );
  }
  return (
    <Picture query={file} skeleton={<BoardSkeleton />}>
      {() =>
        opened.isError ? (
          <section className="page">
            <Empty title="This dashboard can't be shown">
              {messageOf(opened.error)}. <Link to="/dashboards">All dashboards</Link>
            </Empty>
          </section>
        ) : opened.data === undefined ? (
          <BoardSkeleton />
        ) : (
          <BoardPage
            key={uid}
            uid={uid}
            row={opened.data.row}
            saved={opened.data.dashboard}
            notes={opened.data.notes}
          />
        )
      }
    </Picture>
  );
}

/** A dashboard that is being made: nothing is saved before the person does. */
export function NewDashboardView() {
  return <BoardPage uid="" row={undefined} saved={blank} notes={[]} />;
}

const blank = Dashboard.parse({ title: "New dashboard" });

function isNotFound(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "not_found"
  );
}

function BoardSkeleton() {
  return (
    <section className="page">
      <Skeleton rows={1} height={30} />
      <div className="panel-grid">
        {Array.from({ length: 6 }, (_, i) => (
          <div key={i} className="bone-cell">
            <Skeleton rows={1} height={266} />
          </div>
        ))}
      </div>
    </section>
  );
}
