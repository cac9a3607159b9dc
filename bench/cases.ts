/** The cases: a list of images, copied over a link, from a clean slate and then again with nothing changed. */
import type { Link } from "./bed.ts";
import { DIFY_LARGE, LARGE, SMALL } from "./catalog.ts";

export interface Stage {
  readonly id: string;
  readonly title: string;
  readonly link: Link;
}

export interface Case {
  readonly id: string;
  /** `dify` = the 28 images of the test bed's Dify project. */
  readonly images: readonly string[] | "dify";
  /** The first stage starts from a clean slate; each later stage starts with what the previous one left. */
  readonly stages: readonly [Stage, ...Stage[]];
  /** Fewer rounds for a slow tool; 0 = not measured in this case. */
  readonly fewerRounds?: Readonly<Record<string, number>>;
  readonly note?: string;
}

const FAST: Link = {};
const SLOW: Link = { bandwidth: 100, roundTrip: 200 };
const CUT: Link = { bandwidth: 100, cutAfter: 8_000_000 };

const DOCKER_WAY = "compose-mirror --engine docker";
const REGSYNC = "regsync, 4 at once";
const REGCTL = "regctl, 4 at once";
const SKOPEO = "skopeo, one by one";
const SYNCER = "image-syncer";
const SYNCER_NOTE = "image-syncer 1.3.1, the newest that the Go module proxy has, knows no OCI images.";
const MANY_NOTE = `${SYNCER_NOTE} regsync asks for one token for all repositories, by an address too long for a registry; regctl is measured instead.`;
const CRANE = "crane, 4 at once";
const MANY_ROUNDS = { [CRANE]: 1, [DOCKER_WAY]: 0, [REGSYNC]: 0, [REGCTL]: 1, [SKOPEO]: 1, [SYNCER]: 1 } as const;

const namesOf = (images: readonly { readonly name: string }[]): readonly string[] => images.map(({ name }) => name);

export const CASES: readonly Case[] = [
  {
    id: "a",
    images: namesOf(LARGE),
    fewerRounds: { [REGCTL]: 0 },
    note: SYNCER_NOTE,
    stages: [{ id: "a", title: "10 images that share layers, unlimited link", link: FAST }],
  },
  {
    id: "b",
    images: "dify",
    fewerRounds: { [REGCTL]: 0, [DOCKER_WAY]: 1, [SKOPEO]: 1, [SYNCER]: 1 },
    note: SYNCER_NOTE,
    stages: [
      { id: "b", title: "28 images of a Dify project, 100 Mbit/s and 200 ms round trip on both sides", link: SLOW },
      { id: "d", title: "The same 28 once more, nothing has changed, same link", link: SLOW },
      { id: "d-fast", title: "The same 28 once more, nothing has changed, unlimited link", link: FAST },
    ],
  },
  {
    id: "b-large",
    images: namesOf(DIFY_LARGE),
    fewerRounds: { [REGCTL]: 0, [REGSYNC]: 1, [DOCKER_WAY]: 0, [SKOPEO]: 0, [SYNCER]: 0 },
    note: "Logins and round trips take the same time as in (b), and the content 2.5 times as long.",
    stages: [
      {
        id: "b-large",
        title: "The 28 images of (b) at 2.5 times their size, 100 Mbit/s and 200 ms round trip on both sides",
        link: SLOW,
      },
    ],
  },
  {
    id: "c",
    images: "dify",
    stages: [{ id: "c", title: "28 images, 100 Mbit/s, every connection is cut after 8 MB down or up", link: CUT }],
    fewerRounds: { [REGCTL]: 0, [REGSYNC]: 1, [DOCKER_WAY]: 1 },
    note: SYNCER_NOTE,
  },
  {
    id: "e",
    images: namesOf(SMALL),
    stages: [
      { id: "e", title: "1,000 small images, unlimited link", link: FAST },
      { id: "e-warm", title: "The same 1,000 once more, nothing has changed, unlimited link", link: FAST },
    ],
    fewerRounds: MANY_ROUNDS,
    note: MANY_NOTE,
  },
  {
    id: "e250",
    images: namesOf(SMALL.slice(0, 250)),
    stages: [
      { id: "e250", title: "250 small images, unlimited link", link: FAST },
      { id: "e250-warm", title: "The same 250 once more, nothing has changed, unlimited link", link: FAST },
    ],
    fewerRounds: { ...MANY_ROUNDS, [DOCKER_WAY]: 1 },
    note: MANY_NOTE,
  },
];
