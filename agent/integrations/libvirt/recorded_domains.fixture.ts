/**
 * What `virsh domstats --raw` of libvirt 9.0.0 said of two domains under QEMU 7.2, without KVM: one is off, the other runs Linux 6.1 with a disk, an
 * interface on a bridge and a balloon driver (`<stats period='5'/>`). Recorded for these tests, but for paths, which are shortened.
 */
export const recordedDomains = `Domain: 'spare'
  state.state=5
  state.reason=0
  cpu.time=5350000000
  cpu.user=2610000000
  cpu.system=2740000000
  balloon.current=196608
  balloon.maximum=196608
  vcpu.current=1
  vcpu.maximum=1
  block.count=1
  block.0.name=vda
  block.0.path=/images/spare.raw
  block.0.capacity=67108864
  block.0.physical=67108864

Domain: 'web-1'
  state.state=1
  state.reason=1
  cpu.time=138954292000
  cpu.user=110374895000
  cpu.system=28579397000
  cpu.cache.monitor.count=0
  cpu.haltpoll.success.time=0
  cpu.haltpoll.fail.time=0
  balloon.current=196608
  balloon.maximum=196608
  balloon.swap_in=0
  balloon.swap_out=0
  balloon.major_fault=0
  balloon.minor_fault=147445
  balloon.unused=52628
  balloon.available=145196
  balloon.usable=57520
  balloon.last-update=1795360810
  balloon.disk_caches=61312
  balloon.hugetlb_pgalloc=0
  balloon.hugetlb_pgfail=0
  balloon.rss=281560
  vcpu.current=1
  vcpu.maximum=1
  vcpu.0.state=1
  vcpu.0.time=103160000000
  vcpu.0.wait=0
  vcpu.0.delay=757903398337
  net.count=1
  net.0.name=vnet4
  net.0.rx.bytes=7577164
  net.0.rx.pkts=6212
  net.0.rx.errs=0
  net.0.rx.drop=0
  net.0.tx.bytes=7575836
  net.0.tx.pkts=6194
  net.0.tx.errs=0
  net.0.tx.drop=0
  block.count=1
  block.0.name=vda
  block.0.path=/images/web-1.raw
  block.0.backingIndex=1
  block.0.rd.reqs=297948
  block.0.rd.bytes=19526070784
  block.0.rd.times=175707263014
  block.0.wr.reqs=185
  block.0.wr.bytes=120848384
  block.0.wr.times=3049183419
  block.0.fl.reqs=92
  block.0.fl.times=3796725963
  block.0.allocation=67108864
  block.0.capacity=67108864
  block.0.physical=67117056
  dirtyrate.calc_status=0
  dirtyrate.calc_start_time=0
  dirtyrate.calc_period=0
  dirtyrate.calc_mode=page-sampling

`;

/** The same some minutes before, with `--nowait` while another client asked for `web-1`. */
export const busyDomains = `Domain: 'spare'
  state.state=5
  state.reason=0
  cpu.time=4420000000
  cpu.user=2140000000
  cpu.system=2280000000
  balloon.current=196608
  balloon.maximum=196608
  vcpu.current=1
  vcpu.maximum=1
  block.count=1
  block.0.name=vda
  block.0.path=/images/spare.raw
  block.0.capacity=67108864
  block.0.physical=67108864

Domain: 'web-1'
  state.state=1
  state.reason=1
  cpu.time=99550928000
  cpu.user=79456406000
  cpu.system=20094522000
  cpu.cache.monitor.count=0
  balloon.current=196608
  balloon.maximum=196608
  vcpu.current=1
  vcpu.maximum=1
  vcpu.0.state=1
  vcpu.0.time=74530000000
  vcpu.0.wait=0
  vcpu.0.delay=618006925757
  net.count=1
  net.0.name=vnet4
  net.0.rx.bytes=5463808
  net.0.rx.pkts=4494
  net.0.rx.errs=0
  net.0.rx.drop=0
  net.0.tx.bytes=5462410
  net.0.tx.pkts=4475
  net.0.tx.errs=0
  net.0.tx.drop=0
  block.count=1
  block.0.name=vda
  block.0.path=/images/web-1.raw
  block.0.backingIndex=1

`;

/** The same libvirt's `pool-list --uuid` and `pool-info --bytes`. */
export const recordedPools = {
  list: " dabbf51e-7f68-475a-a2ca-b700eecae766\n\n",
  info: `Name:           images
UUID:           dabbf51e-7f68-475a-a2ca-b700eecae766
State:          running
Persistent:     yes
Autostart:      no
Capacity:       270553174016
Allocation:     28497338368
Available:      242055835648

`,
};
