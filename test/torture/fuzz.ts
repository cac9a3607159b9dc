/**
 * Runs mutated inputs through what reads them, in this process and without a network. Every case follows from the seed,
 * its target and its number, so a finding is told by these three, and by the shortest input that still shows it.
 */
import { Worker } from "node:worker_threads";
import { explain, MirrorError } from "../../lib/messages/errors.ts";
import { NO_FACTS } from "../../lib/messages/facts.ts";
import { printable } from "../../lib/cli/format.ts";
import { Choices } from "../differential/choices.ts";
import { mutated } from "./mutations.ts";

export interface Target {
  readonly name: string;
  /** Inputs that are read well; cases are mutations of them. */
  readonly seeds: readonly string[];
  /** How many of a hundred thousand cases are its own, in proportion to the other targets. */
  readonly weight: number;
  /** Seeds are JSON, so that values are changed as well as characters. */
  readonly json?: boolean;
  /**
   * Reads one input. May throw a `MirrorError`; anything else that it throws is a finding, also an assertion on what it
   * read. `number` is the case's, for choices of its own.
   */
  readonly read: (input: string, number: number) => unknown;
  /** Text that no message may show although the seeds hold it. */
  readonly secret?: string;
}

/** Throws what a finding is made of. node:assert would look for the words in the source, which takes seconds. */
export function check(holds: boolean, what = "a property does not hold"): void {
  if (!holds) throw new Error(what);
}

export interface Finding {
  readonly target: string;
  readonly number: number;
  readonly problem: string;
  readonly input: string;
}

export interface FuzzResult {
  /** Cases run by target. */
  readonly cases: ReadonlyMap<string, number>;
  readonly refused: number;
  readonly findings: readonly Finding[];
}

/** Milliseconds after which a case hangs; a good one takes a few. */
const HANG = 5000;
/** Findings of one target after which the rest of its cases is skipped. */
const MOST_FINDINGS = 5;
const SHRINK_TRIES = 3000;

/** Runs `cases` cases, shared among `targets` by their weights; `only` runs the case of that number alone. */
export async function fuzz(
  targets: readonly Target[],
  { seed, cases, only }: { readonly seed: number; readonly cases: number; readonly only?: number | undefined },
): Promise<FuzzResult> {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const run = new Map<string, number>();
  const findings: Finding[] = [];
  let refused = 0;
  const guard = watchForHangs(
    targets.map(({ name }) => name),
    seed,
  );
  try {
    for (const target of targets) {
      const share = Math.ceil((cases * target.weight) / total);
      const problems = new Set<string>();
      for (let number = only ?? 0; number < (only === undefined ? share : only + 1); number++) {
        guard.now(target.name, number);
        const input = inputOf(target, seed, number);
        const verdict = await verdictOf(target, input, number);
        if (verdict === "refused") refused += 1;
        run.set(target.name, (run.get(target.name) ?? 0) + 1);
        if (!isProblem(verdict) || problems.has(kindOf(verdict))) continue;
        problems.add(kindOf(verdict));
        const isSame = async (shorter: string): Promise<boolean> => {
          guard.now(target.name, number);
          const again = await verdictOf(target, shorter, number);
          return isProblem(again) && kindOf(again) === kindOf(verdict);
        };
        // what hangs is not tried a thousand times
        const shortest = verdict.startsWith("hangs") ? input : await shrunk(input, isSame);
        findings.push({ target: target.name, number, problem: verdict, input: shortest });
        if (problems.size >= MOST_FINDINGS) break;
      }
    }
  } finally {
    await guard.end();
  }
  return { cases: run, refused, findings };
}

function inputOf({ name, seeds, json = false }: Target, seed: number, number: number): string {
  let mixed = seed;
  for (const character of name) mixed = Math.imul(mixed ^ character.codePointAt(0)!, 0x9e3779b1);
  mixed = Math.imul(mixed, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  return number < seeds.length ? seeds[number]! : mutated(seeds, new Choices(mixed), json);
}

/** `read`, `refused`, or what is wrong. */
type Verdict = string;

function isProblem(verdict: Verdict): boolean {
  return verdict !== "read" && verdict !== "refused";
}

/** What makes two problems the same: all but the values in the text. */
function kindOf(verdict: Verdict): string {
  return verdict.replace(/"[^"]*"|\d+/g, "…").slice(0, 200);
}

async function verdictOf(target: Target, input: string, number: number): Promise<Verdict> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const started = Date.now();
  try {
    const reading = target.read(input, number);
    if (reading instanceof Promise) {
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`hangs: no end after ${HANG} ms`)), HANG);
      });
      await Promise.race([reading, late]);
    }
    return Date.now() - started > HANG ? "hangs: it came to an end too late" : "read";
  } catch (error) {
    if (!(error instanceof MirrorError)) return textOf(error);
    return problemOf(error, target, input) ?? "refused";
  } finally {
    clearTimeout(timer);
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = error.stack?.split("\n").find((line) => /\/lib\//.test(line)) ?? "";
  return `${error.name}: ${error.message.split("\n")[0]}${place}`;
}

/** What is wrong with an error of ours: its words in each language, as a terminal would show them. */
function problemOf(error: MirrorError, { secret }: Target, input: string): string | undefined {
  for (const language of ["en", "zh"] as const) {
    const { message, hint } = explain(error, language, NO_FACTS);
    const said = `${message}\n${hint}`;
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    if (/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/.test(printable(said)))
      return `${error.code} (${language}) shows control characters`;
    if (/\[object \w+\]|\bundefined\b/.test(said) && !/undefined|object/.test(input))
      return `${error.code} (${language}) shows a value that is none: ${said}`;
    if (secret !== undefined && said.includes(secret)) return `${error.code} (${language}) shows the secret`;
  }
  return undefined;
}

/** The shortest text with the same problem that cutting out parts leads to (delta debugging). */
async function shrunk(input: string, isSame: (text: string) => Promise<boolean>): Promise<string> {
  let best = input;
  let tries = 0;
  for (let size = Math.max(1, best.length >> 1); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < best.length && tries < SHRINK_TRIES; tries++) {
      const shorter = best.slice(0, at) + best.slice(at + size);
      if (await isSame(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

/**
 * A loop without an end keeps this thread from ever saying so: another one looks on, names the case and ends the
 * process.
 */
function watchForHangs(
  names: readonly string[],
  seed: number,
): { now(target: string, number: number): void; end(): Promise<unknown> } {
  // how many cases have begun, the number of the current one, and its target's place
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(
    `const { workerData } = require("node:worker_threads");
    const { writeSync } = require("node:fs");
    const { shared, seed, names, limit, pid } = workerData;
    let seen = -1, since = Date.now();
    setInterval(() => {
      const count = Atomics.load(shared, 0);
      if (count !== seen) { seen = count; since = Date.now(); return; }
      if (Date.now() - since < limit) return;
      const target = JSON.stringify(names[Atomics.load(shared, 2)]);
      writeSync(2, "FUZZ_SEED=" + seed + " FUZZ_TARGET=" + target + " FUZZ_CASE=" + Atomics.load(shared, 1) + ": hangs\\n");
      process.kill(pid, "SIGKILL");
    }, 1000);`,
    { eval: true, workerData: { shared, seed, names, limit: HANG * 6, pid: process.pid } },
  );
  worker.unref();
  return {
    now: (target, number) => {
      Atomics.store(shared, 1, number);
      Atomics.store(shared, 2, names.indexOf(target));
      Atomics.add(shared, 0, 1);
    },
    end: () => worker.terminate(),
  };
}
