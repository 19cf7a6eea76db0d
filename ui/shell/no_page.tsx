import { Link } from "@tanstack/react-router";
import { messageOf } from "#shared/errors.ts";
import { Empty } from "../widgets/picture.tsx";

/** For an address that no page has. */
export function NotFound() {
  return (
    <section className="page">
      <Empty title="There is no page at this address">
        <Link to="/hosts">All hosts</Link>
      </Empty>
    </section>
  );
}

/** For a page that threw: the frame around it stays. */
export function PageError({ error }: { readonly error: unknown }) {
  return (
    <section className="page">
      <div className="failed" role="alert">
        <div>
          <strong>This page failed: {messageOf(error)}.</strong>
          <p>
            Reload to try again. After an upgrade of the aggregator, reloading fetches the new
            version.
          </p>
          <button type="button" className="button" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </div>
    </section>
  );
}
