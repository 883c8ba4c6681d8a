import { tableOf } from './table-reader.ts';

/** Services, packages, accounts, containers, cluster and clock. `names | class | operands | options`; see `table-reader.ts`. */
export const SERVICES = tableOf(`
systemctl | r | words | -alqrn -H=!u -M=!u -p= -t= -o= -P= -s= -i!u -f!u --no-pager --no-legend --full --all --plain --failed --type= --state= --property= --value --lines= --output= --quiet --now --user --system --no-block --wait --recursive --reverse --no-ask-password --legend= --global --runtime --dry-run --no-wall --force!u --root=!u --job-mode=
systemctl is-active,systemctl is-enabled,systemctl is-failed,systemctl status,systemctl cat | R | text | 
systemctl -,systemctl is-system-running,systemctl list-units,systemctl list-unit-files,systemctl list-timers,systemctl list-sockets,systemctl list-jobs,systemctl list-dependencies,systemctl list-machines,systemctl list-automounts,systemctl list-paths,systemctl show,systemctl help,systemctl get-default,systemctl whoami | r | text | 
systemctl start,systemctl restart,systemctl try-restart,systemctl reload,systemctl reload-or-restart,systemctl try-reload-or-restart,systemctl enable,systemctl reenable,systemctl unmask,systemctl preset | c@service | text | 
systemctl daemon-reload,systemctl daemon-reexec,systemctl reset-failed | c@service | text | 
systemctl stop,systemctl disable | c@service | text | 
systemctl mask,systemctl kill,systemctl set-property,systemctl revert,systemctl clean,systemctl freeze,systemctl thaw,systemctl cancel | d+service-loss@service | text | 
systemctl isolate,systemctl rescue,systemctl emergency,systemctl default,systemctl set-default | d+lose-ssh@host | text | 
systemctl reboot,systemctl poweroff,systemctl halt,systemctl kexec,systemctl soft-reboot,systemctl suspend,systemctl hibernate,systemctl hybrid-sleep,systemctl exit,systemctl sleep | d+reboot@host | text | 
systemctl show-environment | d+secret-disclosure | text | 
journalctl | r | text | -# -abfkmrqxeN -n?= -p= -u= -t= -S= -U= -o= -g= -c= -b?= -D=< -F= -T= --no-pager --since= --until= --unit= --user-unit= --priority= --lines?= --sync --follow --boot?= --dmesg --output= --reverse --grep= --case-sensitive?= --all --utc --no-hostname --catalog --quiet --identifier= --facility= --list-boots --disk-usage --fields --field= --header --output-fields= --no-full --full --system --user --merge --pager-end --verify --rotate!c --flush!c --sync!c --vacuum-size=!d --vacuum-time=!d --vacuum-files=!d
loginctl | r | words | --no-pager --no-legend -a -l -p= --property= --value
loginctl -,loginctl list-sessions,loginctl list-users,loginctl session-status,loginctl user-status,loginctl show-session,loginctl show-user | r | text | 
loginctl enable-linger | c@account | text | 
hostnamectl | r | words | --static --pretty --transient --json= -j --no-ask-password
hostnamectl -,hostnamectl status | r | none | 
hostnamectl set-hostname,hostnamectl hostname | c@host | text | 
timedatectl | r | words | --no-pager -p= --property= --value --no-ask-password -a
timedatectl -,timedatectl status,timedatectl show,timedatectl timesync-status,timedatectl list-timezones,timedatectl show-timesync | r | none | 
timedatectl set-timezone,timedatectl set-ntp,timedatectl set-local-rtc | c@host | text | 
networkctl,resolvectl | r | words | --no-pager --no-legend -a -l -s -4 -6 -t= -i= --json=
networkctl -,networkctl status,networkctl list,networkctl lldp,resolvectl -,resolvectl status,resolvectl query,resolvectl statistics,resolvectl dns,resolvectl domain | r | text | 
resolvectl flush-caches,resolvectl reset-statistics | c@host | none | 
localectl | r | words | --no-pager
localectl -,localectl status,localectl list-locales,localectl list-keymaps | r | none | 
localectl set-locale,localectl set-keymap | c@host | text | 
systemd-analyze | r | words | --no-pager --user --system
systemd-analyze -,systemd-analyze time,systemd-analyze blame,systemd-analyze critical-chain,systemd-analyze verify,systemd-analyze security,systemd-analyze calendar,systemd-analyze timespan,systemd-analyze dump | r | text | 
supervisorctl | r | words | 
supervisorctl status,supervisorctl tail,supervisorctl pid,supervisorctl avail | r | text | 
supervisorctl start,supervisorctl restart,supervisorctl stop,supervisorctl reread,supervisorctl update | c@service | text | 
rc-status | r | none | -a
rc-update | r | words | 
rc-update show | r | text | 
rc-update add | c@service | text | 
update-rc.d,chkconfig,insserv | c@service | text | --add --list --level=
apt,apt-get | r | words | -yqsVudmf -t= -o=!u -c=!u --yes --assume-yes --quiet?= --simulate --dry-run --just-print --no-install-recommends --install-recommends --no-upgrade --only-upgrade --reinstall --fix-missing --fix-broken --download-only --show-progress --target-release= --allow-downgrades!d --allow-releaseinfo-change!d --allow-unauthenticated!u --allow-remove-essential!d --allow-change-held-packages!d --force-yes!u --purge!d --autoremove!d --auto-remove!d --upgradable --installed --all-versions -a --print-uris --no-remove --with-new-pkgs --verbose-versions
apt changelog,apt-get changelog,apt list,apt show,apt search,apt policy,apt rdepends,apt depends,apt showsrc,apt-get check,apt-get indextargets | r | text | 
apt update,apt-get update,apt install,apt-get install,apt upgrade,apt-get upgrade,apt full-upgrade,apt-get dist-upgrade,apt-get build-dep,apt build-dep,apt download,apt-get download,apt-get source,apt reinstall,apt satisfy | c@package | text | 
apt clean,apt autoclean,apt-get clean,apt-get autoclean,apt-get distclean | c@package | none | 
apt remove,apt-get remove,apt purge,apt-get purge,apt autoremove,apt-get autoremove,apt autopurge,apt-get autopurge | d+service-loss@package | text | 
apt-cache | r | words | -anqfg --names-only --no-all-versions --installed --recurse
apt-cache policy,apt-cache show,apt-cache search,apt-cache madison,apt-cache depends,apt-cache rdepends,apt-cache showpkg,apt-cache stats,apt-cache pkgnames | r | text | 
apt-mark | r | words | 
apt-mark showhold,apt-mark showmanual,apt-mark showauto | r | text | 
apt-mark hold,apt-mark unhold,apt-mark auto,apt-mark manual | c@package | text | 
apt-key,add-apt-repository,apt-add-repository | d+remote-code@package | text | -y
apt-config | r | words | 
apt-config dump | r | text | 
dpkg-query,dpkg-deb | r | text | -lLsSWpIc -f= -W --show --list --status --search --listfiles --showformat= --info --contents --field
dpkg-reconfigure | c@package | text | -f= --frontend= -p= --priority=
dpkg-divert,update-alternatives | c | text | --list= --display= --query= --config=!u --set --auto= --get-selections --install --local --rename --divert= --add
unattended-upgrade,unattended-upgrades | c@package | none | -dv --dry-run --debug
dnf,yum,microdnf | r | words | -yqvC --assumeyes --quiet --enablerepo= --disablerepo= --refresh --best --nobest --setopt=!u --nogpgcheck!u --installroot=!u --available --installed --security -x= --exclude= --allowerasing!d --showduplicates --upgrades --enabled --disabled --all --extras --obsoletes --recent --userinstalled --latest-limit= --json --changelogs --repo= --repoid=
dnf list,dnf info,dnf search,dnf repolist,dnf check-update,dnf provides,dnf repoquery,dnf history,dnf updateinfo,dnf check,dnf deplist,dnf grouplist,yum list,yum info,yum search,yum repolist,yum check-update,yum provides,yum repoquery,yum history,microdnf repoquery | r | text | 
dnf install,dnf upgrade,dnf update,dnf makecache,dnf reinstall,dnf groupinstall,dnf download,dnf upgrade-minimal,yum install,yum upgrade,yum update,yum makecache,yum reinstall,yum groupinstall,microdnf install,microdnf update,dnf module,dnf clean,yum clean | c@package | text | 
dnf remove,dnf erase,dnf autoremove,dnf downgrade,dnf swap,dnf distro-sync,yum remove,yum erase,yum autoremove,yum downgrade,microdnf remove | d+service-loss@package | text | 
zypper | r | words | -nqv --non-interactive --quiet --no-refresh
zypper se,zypper search,zypper info,zypper lr,zypper repos,zypper lu,zypper list-updates,zypper ps | r | text | 
zypper in,zypper install,zypper up,zypper update,zypper ref,zypper refresh,zypper dup,zypper patch | c@package | text | -y
zypper rm,zypper remove | d+service-loss@package | text | -yu
apk | r | words | -qvU -t= --no-cache --update-cache --quiet --no-progress --virtual= --allow-untrusted!u -X=!u --root=!u -p=!u
apk info,apk list,apk search,apk policy,apk stats,apk version,apk audit | r | text | -aILdeuoO -P --upgradeable --orphaned --available --depends --contents --installed --upgradable --available
apk add,apk update,apk upgrade,apk fix,apk fetch,apk cache | c@package | text | -ual --available --latest --upgrade --simulate -s
apk del | d+service-loss@package | text | -r
snap,flatpak | r | words | --classic -y
snap list,snap info,snap find,snap version,snap services,snap changes,flatpak list,flatpak info | r | text | --all --app --columns= --unicode= --color=
snap install,snap refresh,snap start,snap restart,snap stop,flatpak install,flatpak update | c@package | text | --channel= --edge --stable
snap remove,flatpak uninstall | d+data-loss@package | text | --purge
pip,pip3,pipx | r | words | -q -v --quiet --no-input --disable-pip-version-check
pip list,pip show,pip freeze,pip check,pip index,pip3 list,pip3 show,pip3 freeze,pip3 check,pipx list | r | text | --format= --outdated -o -f
pip install,pip3 install,pipx install,pip download,pip3 download | c+remote-code@package | text | -U -r= -e= -t=> -c=< --upgrade --user --no-cache-dir --requirement= --no-deps --target=> --break-system-packages --index-url= --extra-index-url= -i= --pre --force-reinstall
npm,yarn,pnpm | r | words | -g --global --silent --prefix= --loglevel=
npm list,npm ls,npm view,npm outdated,npm audit,npm root,npm version,yarn list,pnpm list,npm - | r | text | --depth= --json --all -v
npm install,npm i,npm ci,npm update,yarn install,yarn add,pnpm install,pnpm add | c+remote-code@package | text | -DS --save --save-dev --omit= --production --no-audit --no-fund --frozen-lockfile --legacy-peer-deps
gem,cargo,go,composer | r | words | -q
gem list,gem info,cargo version,go version,go env,composer show | r | text | 
gem install,cargo install,go install,composer install | c+remote-code@package | text | --no-document --locked --no-dev --no-interaction --optimize-autoloader
useradd,adduser | c@account | text | -mMrUN -s= -d= -c= -e= -f= -k= -g= -K= -G= -u= -p=!d -o!u --system --create-home --no-create-home --shell= --home-dir= --home= --comment= --gecos= --group --ingroup= --groups= --gid= --uid= --disabled-password --disabled-login --user-group --no-user-group --expiredate= --quiet
groupadd,addgroup | c@account | text | -rf -g= --system --gid= --quiet
usermod | c@account | text | -am -s= -c= -d= -e=!d -f= -G= -g= -l=!d -u=!d -p=!d -L!d -U!d -o!u --append --groups= --shell= --comment= --home= --move-home --lock!d --unlock!d --expiredate=!d --gid= --login=!d
userdel,deluser | d+data-loss@account | text | -rfZ --remove --remove-home --remove-all-files --force --quiet --system
groupdel,delgroup,groupmod | d@account | text | -n= -g= -f
gpasswd | d+privilege-gain@account | text | -a= -d= -M= -A= -r -R --add= --delete=
passwd | d+privilege-gain@account | text | -deluaiSnxwqk --status --lock --unlock --delete --expire --stdin
chpasswd,newusers,chgpasswd,vipw,vigr,chsh,chfn,newgrp,sg | d+privilege-gain@account | text | -ecmsgR -s= 
chage | d@account | text | -l -d= -E= -I= -m= -M= -W=
kubectl | r | words | -n= -A -l= -f=< -o= -w -c= --namespace= --context= --cluster= --all-namespaces --selector= --output= --watch --kubeconfig=< --show-labels --no-headers --sort-by= --field-selector= --as=!u --container= --server=!u --token=!u --request-timeout= -h
kubectl get,kubectl describe | r | text | --show-kind --ignore-not-found --show-events?=
kubectl logs,kubectl top,kubectl version,kubectl explain,kubectl api-resources,kubectl api-versions,kubectl cluster-info,kubectl diff,kubectl events,kubectl auth | r | text | -f -p --follow --previous --tail= --since= --timestamps --all-containers --prefix --client --containers
kubectl config | r | words | 
kubectl config current-context,kubectl config get-contexts,kubectl config get-clusters,kubectl config get-users | r | text | 
kubectl rollout,kubectl scale,kubectl apply,kubectl label,kubectl annotate,kubectl cordon,kubectl uncordon,kubectl set,kubectl create,kubectl expose,kubectl autoscale,kubectl wait,kubectl patch | c@container | text | --replicas= --dry-run= --for= --timeout= --overwrite --image= --port= --target-port= --name= --type= -p= --patch= -k= --record --min= --max= --from-literal= --server-side -R
kubectl delete,kubectl drain,kubectl replace,kubectl taint,kubectl evict | d+service-loss@container | text | --force --grace-period= --all --ignore-daemonsets --delete-emptydir-data --cascade= --timeout=
helm | r | words | -n= -A --namespace= --all-namespaces --kube-context= -o= --output=
helm list,helm ls,helm status,helm history,helm version,helm search,helm show,helm repo,helm template,helm lint,helm env | r | text | -a -f=< --version= --set= --max=
helm install,helm upgrade | c@container | text | -i -f=< --install --wait --atomic --timeout= --version= --set= --values=< --create-namespace --reuse-values
helm uninstall,helm delete,helm rollback | d+service-loss@container | text | --wait
terraform,tofu | r | words | -chdir=
terraform version,tofu version | r | none | 
terraform plan,terraform show,terraform validate,terraform state,terraform output,terraform fmt,terraform providers | u | text | 
terraform destroy | d+data-loss | text | --auto-approve
crictl,ctr,nerdctl | r | words | -n= --namespace= -a= --address=
ctr containers,ctr container,ctr c,ctr images,ctr image,ctr i,ctr tasks,ctr task,ctr t,ctr namespaces,ctr ns | r | words | 
ctr containers ls,ctr containers list,ctr container ls,ctr c ls,ctr images ls,ctr images list,ctr image ls,ctr i ls,ctr tasks ls,ctr tasks list,ctr task ls,ctr t ls,ctr namespaces ls,ctr namespaces list,ctr ns ls,ctr version | r | text | -q --quiet
crictl pods,nerdctl version,crictl ps,crictl images,crictl pods,crictl logs,crictl info,crictl stats,nerdctl ps,nerdctl images,nerdctl logs | r | text | -aq --tail= 
logrotate | c | paths | -dfv -s=> --force --debug --verbose --state=>
logger | c | text | -is -t= -p= --tag= --priority= --id?=
certbot | r | words | -nqv --non-interactive --quiet --agree-tos -m= --email= -d= --domain= --domains= --nginx --apache --standalone --webroot -w= --webroot-path= --dry-run --force-renewal --redirect --no-redirect --keep-until-expiring --expand --cert-name= --no-eff-email --preferred-challenges= --register-unsafely-without-email
certbot certificates,certbot plugins,certbot show_account | r | text | 
certbot renew,certbot certonly,certbot run,certbot install,certbot register | c | text | --deploy-hook=!u --pre-hook=!u --post-hook=!u
certbot delete,certbot revoke,certbot unregister | d+service-loss | text | --cert-path=< --delete-after-revoke --reason=
swapon | c@host | text | -a -s -p= --show?= --all --noheadings --bytes
swapoff | c@host | text | -a -v --all
mkswap | d+data-loss | text | -f -L=
update-ca-certificates,update-locale,locale-gen,ldconfig,depmod,systemd-tmpfiles,update-initramfs,newaliases,postmap,mandb,updatedb,fc-cache | c@host | text | -pukv --create --fresh --verbose -c
sync,chronyd,ntpdate | c | text | -f -d -q
fail2ban-client | r | words | 
fail2ban-client status,fail2ban-client version,fail2ban-client ping | r | text | 
fail2ban-client reload,fail2ban-client start,fail2ban-client restart | c@service | text | 
rabbitmqctl,nodetool,etcdctl,zkCli | r | words | -qw= -n= -p= --endpoints= --cacert= --cert= --write-out= --cluster
rabbitmqctl status,rabbitmqctl list_queues,rabbitmqctl cluster_status,rabbitmqctl list_connections,rabbitmqctl list_consumers,rabbitmqctl list_exchanges,rabbitmqctl list_bindings,rabbitmqctl list_channels,rabbitmqctl list_vhosts,rabbitmqctl node_health_check,nodetool tpstats,nodetool ring,nodetool describecluster,nodetool netstats,nodetool compactionstats,nodetool tablestats,nodetool gossipinfo,nodetool status,nodetool info,etcdctl endpoint | r | text | 
reboot,shutdown,poweroff,halt,telinit,init | d+reboot@host | text | -fhHkPprcnwt= --force --halt --poweroff --reboot --no-wall --wtmp-only
setenforce,auditctl,apparmor_parser,aa-disable,aa-complain,setsebool,semanage | d+cover-tracks@host | text | -e= -D -R= -P
hwclock,rdate,ntpdate | d@host | text | -rswu --show --systohc --hctosys --set --date=
modprobe,insmod,rmmod,kmod,kexec | d+service-loss@host | text | -arvnf
mkfs,mke2fs,mkfs.ext2,mkfs.ext3,mkfs.ext4,mkfs.xfs,mkfs.btrfs,mkfs.vfat,mkfs.fat,mkfs.ntfs,mkfs.f2fs | f+data-loss@host | text | 
wipefs,blkdiscard,sgdisk,sfdisk,fdisk,cfdisk,gdisk,parted,partprobe,cryptsetup,luksformat,badblocks,mdadm,tune2fs,resize2fs,e2fsck,fsck,fsck.ext4,xfs_repair,xfs_growfs,debugfs,dmsetup,losetup,fstrim,hdparm-secure | u | text | 
lvremove,vgremove,pvremove,lvreduce,vgreduce,pvcreate | f+data-loss@host | text | -fy -L= -l= -r
lvs,vgs,pvs,lvdisplay,vgdisplay,pvdisplay,lvscan,pvscan,vgscan,lvmdiskscan | r | text | -avs -o= --units= --noheadings --nosuffix --all --options= --separator= --reportformat=
lvcreate,lvextend,vgextend,vgcreate | d@host | text | -ry -L= -l= -n= -s --name= --size= --extents= --resizefs
zpool,zfs,btrfs | r | words | -HpvP -o= -r -t=
zpool status,zpool list,zpool iostat,zpool history,zpool get,zfs list,zfs get,btrfs filesystem | r | text | 
zfs snapshot | c@host | text | 
zpool destroy,zpool labelclear,zfs destroy,zfs rollback | f+data-loss@host | text | -fRrn
rndc,unbound-control,pdns_control | r | words | 
rndc status,unbound-control status,unbound-control stats | r | text | 
rndc reload,unbound-control reload | c@service | text | 
postqueue,mailq | r | text | -pj
postsuper | d+data-loss | text | -d= -h= -r= -H=
redis-cli | u | text | 
`);
