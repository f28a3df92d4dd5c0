// What the server side tells (autograder/desk/session.py), and how it is asked.
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export interface Fault {
  place: string;
  fact: string;
  fix: string;
}

export interface Stage {
  stage: string;
  title: string;
  path: string;
  done: number;
  started: number;
  exercises: number;
  score: number;
  points: number;
  extra: number;
  hidden: boolean;
  passed: number;
  checks: number;
  when: string;
  changed: boolean;
}

export interface Course {
  stages: Stage[];
  next: string;
}

export interface Exercise {
  name: string;
  state: 'blank' | 'changed' | 'failed' | 'visible' | 'done';
  quiz: boolean;
  score: number;
  max: number;
  extra: number;
  extra_max: number;
  passed: number;
  checks: number;
  message: string;
  likely_cause: string;
  misconception: string;
  also_failing: string[];
  mend_first: string[];
  carried_forward: number;
  hints: string[];
  more_hints: number;
  section: string;
  way_past: '' | 'reference' | 'solution';
  solution_shown: boolean;
}

export interface Running {
  doing: 'waiting' | 'starting' | 'checking' | 'naming';
  at: string;
  done: number;
  total: number;
  seconds: number;
  stopped: boolean;
}

export interface View {
  stage: string;
  path: string;
  hidden: boolean;
  when: string;
  exercises: Exercise[];
  score: number;
  max: number;
  extra: number;
  passed: number;
  checks: number;
  next: string;
  exchange: boolean;
  running: Running | null;
  fault: Fault | null;
  solution?: { text: string; cell: string };
}

/** The server's answer was a fault that a person can mend. */
export class Refused extends Error {
  constructor(readonly fault: Fault) {
    super(`${fault.place}: ${fault.fact} ${fault.fix}`);
  }
}

const settings = ServerConnection.makeSettings();

export async function ask<T>(what: string, body?: object): Promise<T> {
  const address = URLExt.join(settings.baseUrl, what);
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const response = await ServerConnection.makeRequest(address, init, settings);
  const told = await response.json().catch(() => ({}));
  if (told.refused) {
    throw new Refused(told.refused);
  }
  if (!response.ok) {
    throw new Error(told.message || response.statusText);
  }
  return told as T;
}

export const course = (): Promise<Course> => ask('autograder/course');

export const look = (path: string): Promise<View> =>
  ask(`autograder/notebook?path=${encodeURIComponent(path)}`);

export const act = (what: 'check' | 'stop', path: string): Promise<View> => ask(`autograder/${what}`, { path });

export const on = (what: 'hint' | 'solution', path: string, exercise: string): Promise<View> =>
  ask(`autograder/${what}`, { path, exercise });
