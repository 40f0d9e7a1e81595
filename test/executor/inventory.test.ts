import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listAmd, listGpus, parseNvidiaSmi } from '../../executor/inventory/gpus.ts'

describe('the GPU inventory', () => {
  it('reads what nvidia-smi prints, with gaps where the card says nothing', () => {
    const gpus = parseNvidiaSmi(
      [
        '0, GPU-1f2e, NVIDIA H200, 580.159.04, 143771, 4, 0, 76.61, 27, 9.0',
        '1, GPU-aa, NVIDIA GeForce RTX 3060, 550.1, 12288, 512, 97, [N/A], 61, 8.6',
        'garbage',
        '',
      ].join('\n'),
    )
    expect(gpus).toMatchObject([
      {
        index: 0,
        id: 'GPU-1f2e',
        model: 'NVIDIA H200',
        memoryTotalMib: 143771,
        powerWatt: 76.61,
        computeCapability: '9.0',
      },
      { index: 1, utilisationPercent: 97, powerWatt: undefined, temperatureCelsius: 61 },
    ])
  })

  it('finds AMD cards in sysfs and leaves other vendors out', async () => {
    const sysfs = await mkdtemp(join(tmpdir(), 'ogpu-sysfs-'))
    const card = async (name: string, files: Readonly<Record<string, string>>): Promise<void> => {
      const device = join(sysfs, 'class/drm', name, 'device')
      await mkdir(join(device, 'hwmon/hwmon3'), { recursive: true })
      for (const [file, content] of Object.entries(files)) await writeFile(join(device, file), `${content}\n`)
    }
    await card('card0', { vendor: '0x8086' })
    await card('card1', {
      vendor: '0x1002',
      device: '0x744c',
      uevent: 'DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0',
      mem_info_vram_total: String(24 * 2 ** 30),
      mem_info_vram_used: String(2 ** 30),
      gpu_busy_percent: '12',
      'hwmon/hwmon3/power1_average': '51000000',
      'hwmon/hwmon3/temp1_input': '43000',
    })
    expect(await listAmd(sysfs)).toEqual([
      {
        vendor: 'amd',
        index: 0,
        id: '0000:03:00.0',
        model: 'AMD 0x744c',
        driver: 'amdgpu',
        memoryTotalMib: 24576,
        memoryUsedMib: 1024,
        utilisationPercent: 12,
        powerWatt: 51,
        temperatureCelsius: 43,
        computeCapability: undefined,
      },
    ])
    await rm(sysfs, { recursive: true, force: true })
    expect(await listAmd(join(sysfs, 'absent'))).toEqual([])
  })

  it('answers on this machine, whatever it has', async () => {
    for (const gpu of await listGpus()) expect(gpu.id).not.toBe('')
  })
})
