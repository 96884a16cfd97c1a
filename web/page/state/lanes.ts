// The sites that refuse this server at present. Whoever reads the queue takes note of them here.

import { signal } from '@preact/signals';
import type { PausedLaneFragment } from '../api/documents.generated.ts';

export const pausedLanes = signal<readonly PausedLaneFragment[]>([]);
