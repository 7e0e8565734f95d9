/** A client of a PostgreSQL server, and waiting for its answers. */
import { SQL } from "bun";

import { NoAnswer } from "./errors";
import type { Location } from "./location";

/** Seconds after which an unused connection is given back: who beats twice a minute needs none in between. */
const idleSeconds = 5;
const connectSeconds = 5;

export function connect({ url }: Location, prepare: boolean): SQL {
  const { searchParams } = new URL(url);
  return new SQL(url, {
    max: 1,
    connectionTimeout: connectSeconds,
    idleTimeout: idleSeconds,
    ...(searchParams.has("prepare") ? {} : { prepare }),
    ...(searchParams.has("application_name") ? {} : { connection: { application_name: "parley" } }),
  });
}

/** Throws `NoAnswer` where the work takes longer. */
export async function within<T>(milliseconds: number, work: PromiseLike<T>): Promise<T> {
  let timer: Timer | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer()), Math.max(1, milliseconds));
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
