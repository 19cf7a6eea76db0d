/**
 * What `virsh domstats --raw` of libvirt 9.0.0 said of two domains under QEMU 7.2, without KVM, in the session of a user without rights: one runs,
 * with a disk and no guest system, the other is off. Recorded for these tests, but for paths, which are shortened, and for what needs a bridge and
 * a guest: `net.*` (recorded was `net.count=1` alone), and of `balloon.*` faults, unused, available, usable and disk_caches, which are after the
 * documentation of virConnectGetAllDomainStats with numbers of our own.
 */
export const recordedDomains = `Domain: 'spare'
  state.state=5
  state.reason=0
  cpu.time=300000000
  cpu.user=150000000
  cpu.system=150000000
  balloon.current=65536
  balloon.maximum=65536
  vcpu.current=1
  vcpu.maximum=1
  block.count=1
  block.0.name=vda
  block.0.path=/images/spare.img

Domain: 'web-1'
  state.state=1
  state.reason=1
  cpu.time=850000000
  cpu.user=530000000
  cpu.system=320000000
  cpu.cache.monitor.count=0
  cpu.haltpoll.success.time=0
  cpu.haltpoll.fail.time=0
  balloon.current=65536
  balloon.maximum=65536
  balloon.last-update=0
  balloon.rss=43248
  balloon.major_fault=3
  balloon.minor_fault=700
  balloon.unused=20000
  balloon.available=60000
  balloon.usable=45000
  balloon.disk_caches=12000
  vcpu.current=1
  vcpu.maximum=1
  vcpu.0.state=1
  vcpu.0.time=340000000
  vcpu.0.wait=0
  vcpu.0.delay=1092187073
  net.count=2
  net.0.name=vnet0
  net.0.rx.bytes=1000
  net.0.rx.pkts=10
  net.0.rx.errs=1
  net.0.rx.drop=2
  net.0.tx.bytes=2000
  net.0.tx.pkts=20
  net.0.tx.errs=3
  net.0.tx.drop=4
  block.count=1
  block.0.name=vda
  block.0.path=/images/web.img
  block.0.backingIndex=1
  block.0.rd.reqs=1
  block.0.rd.bytes=512
  block.0.rd.times=178954
  block.0.wr.reqs=0
  block.0.wr.bytes=0
  block.0.wr.times=0
  block.0.fl.reqs=0
  block.0.fl.times=0
  block.0.allocation=0
  block.0.capacity=16777216
  block.0.physical=16777216
  dirtyrate.calc_status=0
  dirtyrate.calc_start_time=0
  dirtyrate.calc_period=0
  dirtyrate.calc_mode=page-sampling

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
