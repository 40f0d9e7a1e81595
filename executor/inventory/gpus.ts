/**
 * Which GPUs this machine has, by asking the drivers' own interfaces: `nvidia-smi` for NVIDIA, sysfs for AMD. All of it is
 * self-reported: it selects runtimes and fills the provider's public data, and proves nothing to anybody.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, messageOf } from '#lib/errors'

export interface Gpu {
  readonly vendor: 'nvidia' | 'amd'
  readonly index: number
  /** The driver's stable name: a GPU UUID or a PCI address. */
  readonly id: string
  readonly model: string
  readonly driver: string | undefined
  readonly memoryTotalMib: number | undefined
  readonly memoryUsedMib: number | undefined
  readonly utilisationPercent: number | undefined
  readonly powerWatt: number | undefined
  readonly temperatureCelsius: number | undefined
  /** NVIDIA: `9.0`. */
  readonly computeCapability: string | undefined
}

export const INVENTORY_ERRORS = {
  /** The driver's tool is there but does not work (driver and library of different versions, no permission). */
  DRIVER_BROKEN: 'DRIVER_BROKEN',
} as const

const NVIDIA_FIELDS = [
  'index',
  'uuid',
  'name',
  'driver_version',
  'memory.total',
  'memory.used',
  'utilization.gpu',
  'power.draw',
  'temperature.gpu',
  'compute_cap',
] as const

const TOOL_TIMEOUT_MS = 5_000
const OUTPUT_BYTES_MAX = 1 << 20

/** Every GPU found; an empty list on a machine without one. CodedError DRIVER_BROKEN when a driver cannot answer. */
export async function listGpus(sysfs = '/sys'): Promise<readonly Gpu[]> {
  const [nvidia, amd] = await Promise.all([listNvidia(), listAmd(sysfs)])
  return [...nvidia, ...amd]
}

async function listNvidia(): Promise<readonly Gpu[]> {
  const args = [`--query-gpu=${NVIDIA_FIELDS.join(',')}`, '--format=csv,noheader,nounits']
  const csv = await new Promise<string | undefined>((resolve, reject) => {
    const options = { timeout: TOOL_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX }
    execFile('nvidia-smi', args, options, (error, stdout) => {
      if (error === null) resolve(stdout)
      else if (error.code === 'ENOENT') resolve(undefined)
      else {
        const data = { output: stdout.slice(0, 500), error: messageOf(error) }
        reject(
          new CodedError(INVENTORY_ERRORS.DRIVER_BROKEN, 'nvidia-smi fails', { data, cause: error, retryable: true }),
        )
      }
    })
  })
  return csv === undefined ? [] : parseNvidiaSmi(csv)
}

/** Rows of `nvidia-smi --format=csv,noheader,nounits` with the fields above; rows of another shape are left out. */
export function parseNvidiaSmi(csv: string): readonly Gpu[] {
  const gpus: Gpu[] = []
  for (const line of csv.split('\n')) {
    const cells = line.split(',').map(cell => cell.trim())
    if (cells.length !== NVIDIA_FIELDS.length) continue
    const text = (i: number): string | undefined => {
      const cell = cells[i] ?? ''
      return cell === '' || /^\[?(N\/A|Not Supported|Unknown Error|Insufficient Permissions)\]?$/i.test(cell)
        ? undefined
        : cell
    }
    const number = (i: number): number | undefined => numberOf(text(i))
    const index = number(0)
    const id = text(1)
    const model = text(2)
    if (index === undefined || id === undefined || model === undefined) continue
    gpus.push({
      vendor: 'nvidia',
      index,
      id,
      model,
      driver: text(3),
      memoryTotalMib: number(4),
      memoryUsedMib: number(5),
      utilisationPercent: number(6),
      powerWatt: number(7),
      temperatureCelsius: number(8),
      computeCapability: text(9),
    })
  }
  return gpus
}

const AMD_VENDOR = '0x1002'

/** AMD cards out of sysfs; needs no tool and no permission. */
export async function listAmd(sysfs: string): Promise<readonly Gpu[]> {
  const drm = join(sysfs, 'class', 'drm')
  const names = await readdir(drm).catch((): string[] => [])
  const gpus: Gpu[] = []
  for (const name of names
    .filter(entry => /^card\d+$/.test(entry))
    .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))) {
    const device = join(drm, name, 'device')
    if ((await textOf(join(device, 'vendor'))) !== AMD_VENDOR) continue
    const uevent = await textOf(join(device, 'uevent'))
    const sensors = (await readdir(join(device, 'hwmon')).catch((): string[] => []))[0]
    const sensor = async (file: string): Promise<number | undefined> =>
      sensors === undefined ? undefined : numberOf(await textOf(join(device, 'hwmon', sensors, file)))
    const mib = async (file: string): Promise<number | undefined> =>
      scaled(numberOf(await textOf(join(device, file))), 2 ** 20)
    gpus.push({
      vendor: 'amd',
      index: gpus.length,
      id: /PCI_SLOT_NAME=(\S+)/.exec(uevent ?? '')?.[1] ?? name,
      model: (await textOf(join(device, 'product_name'))) || `AMD ${(await textOf(join(device, 'device'))) ?? 'GPU'}`,
      driver: /DRIVER=(\S+)/.exec(uevent ?? '')?.[1],
      memoryTotalMib: await mib('mem_info_vram_total'),
      memoryUsedMib: await mib('mem_info_vram_used'),
      utilisationPercent: numberOf(await textOf(join(device, 'gpu_busy_percent'))),
      powerWatt: scaled(await sensor('power1_average'), 1e6),
      temperatureCelsius: scaled(await sensor('temp1_input'), 1000),
      computeCapability: undefined,
    })
  }
  return gpus
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch {
    return undefined
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

function scaled(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : Math.round(value / unit)
}
