import { Link, useParams } from "@tanstack/react-router";
import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useAgents } from "../state/queries.ts";

/** Where I am. Its last part is the page's heading, and the window's title. */
export function Breadcrumb() {
  const { agent } = useParams({ strict: false });
  const { pathname } = useLocation();
  const page = pathname.startsWith("/data") ? "Data" : "Hosts";
  if (agent !== undefined) return <HostCrumb agent={agent} />;
  return (
    <div className="breadcrumb">
      <Heading text={page} />
    </div>
  );
}

function HostCrumb({ agent }: { readonly agent: string }) {
  const agents = useAgents(0);
  const name = agents.data?.find((row) => row.agent === agent)?.name ?? agent;
  return (
    <div className="breadcrumb">
      <Link to="/hosts">Hosts</Link>
      <span aria-hidden="true">/</span>
      <Heading text={name} />
    </div>
  );
}

function Heading({ text }: { readonly text: string }) {
  useEffect(() => {
    document.title = `${text} · Lapwing`;
  }, [text]);
  return (
    <h1 className="clip" title={text}>
      {text}
    </h1>
  );
}
