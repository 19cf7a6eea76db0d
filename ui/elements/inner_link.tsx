import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A link to a page of this interface, followed without loading it anew where there is a router. */
export function InnerLink({
  to,
  title,
  className,
  children,
}: {
  readonly to: string;
  readonly title?: string;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const router = useRouter({ warn: false });
  return (
    <a
      href={to}
      title={title}
      className={className}
      onClick={(event) => {
        const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
        // Without a router, in a page that shows panels alone, the hook gives nothing.
        if (!plain || (router as typeof router | undefined) === undefined) return;
        event.preventDefault();
        void router.navigate({ href: to });
      }}
    >
      {children}
    </a>
  );
}
