import { useEffect, useState, type RefObject } from "react";

/** Half a screen ahead, so that a panel has its picture when it is scrolled to. */
const ahead = "50% 0px";

/** Whether the element is on the screen or close to it. */
export function useInView(element: RefObject<HTMLElement | null>): boolean {
  const [isInView, setInView] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new IntersectionObserver(
      // Several since the last time, in their order: what counts is how it is now.
      (entries) => setInView(entries.at(-1)?.isIntersecting === true),
      { root: target.closest("main"), rootMargin: ahead },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return isInView;
}

/** Pixels of an element's inside. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    setWidth(target.clientWidth);
    const observer = new ResizeObserver(() => setWidth(target.clientWidth));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
