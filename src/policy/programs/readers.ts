import { tableOf } from './table-reader.ts';

/** Programs that only look. `names | class | operands | options`; see `table-reader.ts`. */
export const READERS = tableOf(`
true,false,:,pwd,whoami,logname,tty,nproc,arch,uptime,users,groups,runlevel | r | text | -LPpsVa --all --ignore=
id | R | text | -agGnruzZ --group --groups --name --user --real
uname | R | none | -asnrvmpio --all --kernel-name --nodename --kernel-release --machine
w | r | text | -hsfuoip --no-header --short
who | R | text | -abdHlmpqrstTuw --all --boot --heading
last,lastb | R | text | -#adFiRwx -n= -s= -t= -p= --limit= --since= --until= --fulltimes --hostnames
lastlog | r | none | -b= -t= -u=
sleep | R | text | 
basename | R | text | -az -s= --suffix= --multiple --zero
dirname | R | text | -z --zero
seq | R | text | -w -f= -s= --equal-width --separator= --format=
expr,factor,numfmt | r | text | --to= --from= --field= --suffix= --padding= --header
cat | R | paths | -AbeEnstTuv --number --show-all --number-nonblank --squeeze-blank
tac,nl,fold,expand,unexpand,fmt,pr,rev,cut,paste | r | paths | -b= -c= -d= -f= -s -n -t -z -w= -N= -o= -r -x -i= -v= -h= -l= -a --fields= --delimiter= --characters= --bytes= --output-delimiter= --only-delimited --complement --table --separator= --output-separator= --table-columns= --serial --width= --spaces
column | r | paths | -teLxnJd -s= -o= -c= -N= -R= -H= -E= -O= -T= -W= -l= --table --separator= --output-separator= --table-columns= --table-right= --table-hide= --table-noextreme= --table-order= --columns= --keep-empty-lines --json --table-name=
head | R | paths | -# -qvz -n= -c= --lines= --bytes= --quiet --verbose
tail | R | paths | -# -qvzfFr -n= -c= -s= --lines= --bytes= --follow?= --pid= --quiet --retry --sleep-interval=
wc | R | paths | -cmlLw --lines --words --bytes --chars --max-line-length --files0-from=<
sum,cksum,md5sum,sha1sum,sha224sum,sha256sum,sha384sum,sha512sum,b2sum | R | paths | -bctwz -a= --check --quiet --status --warn --tag --ignore-missing --strict --algorithm=
cmp | R | paths | -bls -n= -i= --silent --quiet --verbose
diff | r | tree | -abBcdeEfilnNpqrstuwyZ -U= -C= -W= -x= -I= --brief --recursive --unified?= --context?= --ignore-case --ignore-all-space --ignore-blank-lines --new-file --color?= --side-by-side --suppress-common-lines --width= --exclude= --report-identical-files --strip-trailing-cr
comm | r | paths | -123z --check-order --nocheck-order --output-delimiter=
join | r | paths | -iz -a= -v= -e= -j= -1= -2= -o= -t= --header
sort | r | paths | -bcCdfghiMmnRrsuVz -k= -t= -S= -o=> -T=> --key= --field-separator= --reverse --unique --numeric-sort --human-numeric-sort --version-sort --ignore-case --stable --output=> --parallel= --check?= --general-numeric-sort --month-sort --random-sort --zero-terminated --files0-from=<
tsort,shuf | r | paths | -erz -n= -i= -o=> --head-count= --input-range= --echo --repeat --output=>
tr | r | text | -cCdst --complement --delete --squeeze-repeats --truncate-set1
grep,egrep,fgrep,zgrep,zegrep,zfgrep | R | text-paths | -#EFGPiwxvcoqshHnbTazZUyIL -e= -f=< -m= -A= -B= -C= -l -d= -D= --color?= --colour?= --count --ignore-case --invert-match --line-number --quiet --silent --no-messages --files-with-matches --files-without-match --only-matching --max-count= --after-context= --before-context= --context= --include= --exclude= --exclude-dir= --extended-regexp --fixed-strings --perl-regexp --word-regexp --line-regexp --with-filename --no-filename --text --null --regexp= --file=< --binary-files= --line-buffered --no-ignore-case -Rr --recursive --dereference-recursive
strings | r | paths | -af -n= -t= -e= --all --bytes= --radix= --encoding=
od,hexdump,hd | r | paths | -abcdfiloxsvCtO -A= -j= -N= -t= -w?= -n= -s= -e= --address-radix= --skip-bytes= --read-bytes= --format= --output-duplicates --width?=
xxd | r | paths | -abCEeiuUp -c= -g= -l= -s= -o= -n=
base64,base32,basenc | r | paths | -di -w= --decode --wrap= --ignore-garbage --base64 --base64url --base32 --base16
stat | R | paths | -Lft -c= --format= --printf= --dereference --file-system --terse --cached=
file | r | paths | -bhikLnNprsvzZ0E -e= -F= -P= -f=< --brief --mime --mime-type --mime-encoding --dereference --no-dereference --uncompress
readlink | R | text | -efmnqsvz --canonicalize --canonicalize-existing --canonicalize-missing --no-newline
realpath | R | text | -eLmPqsz --canonicalize-existing --canonicalize-missing --relative-to= --relative-base= --no-symlinks
namei | R | text | -lmnovx --long --modes --owners --mountpoints
ls,dir,vdir | R | text | -#1aAbBcCdDfFgGhHiIklLmnNopqQrRsStuUvxXZ -I= -T= -w= --all --almost-all --author --escape --block-size= --ignore-backups --color?= --directory --dired --classify?= --file-type --format= --full-time --group-directories-first --no-group --human-readable --si --dereference --hide= --hyperlink?= --indicator-style= --inode --ignore= --kibibytes --literal --numeric-uid-gid --quote-name --quoting-style= --reverse --recursive --size --sort= --time= --time-style= --tabsize= --width= --context --zero
tree | r | text | -adflpqsughDFNQrtUvxCniAS -L= -P= -I= -H= -T= --du --dirsfirst --noreport --prune --filelimit= --charset= --inodes --device --matchdirs --ignore-case --si --timefmt= --sort= --gitignore -J -X
du | R | text | -0abcDhHklLmPsSx -B= -d= -t= -X=< --all --apparent-size --block-size= --bytes --total --max-depth= --human-readable --si --inodes --dereference --count-links --separate-dirs --summarize --threshold= --time?= --time-style= --exclude-from=< --exclude= --one-file-system --files0-from=<
df | R | text | -aBhHiklmPTv -t= -x= -B= --all --block-size= --human-readable --si --inodes --local --no-sync --output?= --portability --print-type --total --type= --exclude-type=
free | R | none | -bkmghltvw -c= -s= --bytes --kilo --mega --giga --human --lohi --total --wide --count= --seconds= --si --mebi --gibi --kibi --committed
vmstat | r | text | -afmnstdDwy -p= -S= --active --forks --slabs --one-header --stats --disk --wide --timestamp --unit=
iostat,mpstat,pidstat,sar | r | text | -cdhkmNtxyzpAbBqrRuvWSwH -P= -n= -p= -C= -g= -j= -o=!u -f=< -s= -e= --human --pretty
ps | r | text | -AadefFHjlLMmNTVwycZ -C= -G= -g= -O= -o= -p= -q= -s= -t= -U= -u= -k= --sort= --format= --pid= --ppid= --user= --User= --no-headers --no-heading --headers --forest --cols= --columns= --rows= --lines= --width= --deselect --group= --tty= --cumulative --info
pgrep | R | text | -acfilnovwx -d= -g= -G= -P= -s= -t= -u= -U= -r= --list-name --list-full --full --newest --oldest --count --delimiter= --uid= --euid= --parent= --exact --ignore-case --inverse
pidof,pstree,pmap,pwdx,psfind | R | text | -acghHlnpsSuUxXdAqT -o= --show-pids --arguments --long --hide-threads
top | r | none | -bcHiSs1 -d= -n= -p= -u= -U= -o= -w?= -E= -e=
htop,btop,atop | u | text | 
iotop,iotop-c | r | none | -bokPaqt -n= -d= -p= -u= --batch --only --iter= --delay= --pid= --user= --processes --accumulated --kilobytes --time --quiet
lsof | r | text | +# -abhlnNoOPRtUVvwX -i?= -p= -u= -c= -d= -g?= -s?= -F?= -r?= -T?= +D= +d= +L?=
fuser | r | text | -acfluvsVn46m -n= --all --mount --user --verbose --namespace= --silent
lsblk | R | text | -abdDfilmnoOpPrsStVJTzy -o= -I= -e= -x= -M --all --bytes --nodeps --discard --fs --include= --exclude= --ascii --json --list --perms --noheadings --output= --output-all --paths --pairs --raw --inverse --topology --scsi --tree?= --sort= --sysroot=
blkid | R | text | -gkLlpioU -s= -t= -o= --output= --match-tag= --match-token= --list-one --probe --info
findmnt | R | text | -AaBbcCdDefFhiJklmMnPoRrstTUuvVx -o= -O= -t= -S= -T= -M= -N= --all --list --noheadings --json --output= --types= --target= --source= --raw --df --real --bytes --verify --fstab --mtab --kernel --submounts
lscpu,lspci,lsusb,lsmem,lsns,lslocks,lslogins,lsipc,lsmod,lsscsi,lshw,lsinitramfs,lsattr,lsfd,lsirq | R | text | -aAbBcCdDeFJknloOpqrstuvVxX -m -s= -i -g -R -w --all --bytes --json --output= --output-all --online --offline --extended?= --parse?= --noheadings --raw --summary?= --short --class= -C= --notruncate --sanitize --time-format=
dmidecode | r | none | -qsu -t= -s= --type= --string= --quiet
getconf,locale | R | text | -a -k -v -m -fs --all
dnsdomainname,domainname,hostid | r | none | 
nslookup,host | R | text | -avt -t= -type= 
ping,ping6 | R | text | -46anqvDLnORU -c= -i= -I= -M= -s= -t= -W= -w= -p= -Q= -l= 
tracepath,traceroute,mtr | R | text | -46nbIrTUwzec -m= -p= -q= -f= -i= -s= -c= --report --report-wide --no-dns --report-cycles= --tcp --udp --json --show-ips
arping | r | text | -bDfqUA -c= -w= -I= -i= -s=
netstat | r | text | -46aAceFgilnNoprstuvWwxCM --all --numeric --listening --programs --tcp --udp --route --interfaces --statistics --wide --extend --unix --raw --timers
ss | r | text | -0123456abdeEhHilmMnNoOprsStTuwxzZBV -f= -A= --all --listening --numeric --processes --tcp --udp --summary --extended --memory --info --options --resolve --unix --raw --no-header --ipv4 --ipv6 --family= --query= --oneline --socket=
ethtool | r | text | -ikgclTSPam --driver --statistics --show-features --show-ring --show-coalesce
lldpctl,conntrackd | u | text | 
vnstat | r | text | -dhlmsty -i= --json?= --oneline --days --months --hours
getcap | r | text | -nrv
getfacl | r | text | -aceEsRLPtpndn --access --default --omit-header --all-effective --no-effective --skip-base --recursive --tabular --numeric --absolute-names
getent | R | text | -is -s= --service= --no-idn
jq | r | text-paths | -rcsSneaMCjgR --arg= --raw-output --compact-output --slurp --sort-keys --exit-status --null-input --raw-input --join-output --tab --indent= --color-output --monochrome-output --ascii-output
yq | r | text-paths | -rcojPNMCe -o= -p= --output-format= --prettyPrint --no-colors
xmllint | r | paths | --noout --format --xpath= --nonet --valid --schema=<
cal,ncal,tload,look,fgconsole,mesg | r | text | -13jmyhNbwM -A= -B= -m= -d=
which,whereis,whatis,apropos | r | text | -abmslkrwe --all --skip-alias --skip-functions --show-dot --show-tilde
type | r | text | -aftpP
zcat,gzcat,bzcat,xzcat,zstdcat,lzcat | r | paths | -fqv
zdiff,zcmp,bzgrep,xzgrep | r | text-paths | -icnvqw
nvidia-smi | r | none | -Lqax -i= -d= -f=> -l= --query-gpu= --query-compute-apps= --format= --id= --list-gpus --query --display= --loop= --filename=> --query-supported-clocks=
dstat | r | text | -acdDgilmnNprsStTvyCN= --top-cpu --top-mem --top-io
slabtop | r | none | -os= -d= --once --delay= --sort=
numastat | r | text | -cmnvzsp= 
systemd-path,systemd-delta | r | text | --type= --no-pager --diff= --suffix=
whois | r | text | -H -h= -p=
uuidgen | r | none | -rt --random --time
nproc | R | none | --all --ignore=
sensors | r | text | -ufAj
hdparm | r | text | -ItTgiC
smartctl | r | text | -aAHicxjqn -l= -d= -n= -q= --all --info --health --attributes --scan --json?= --xall --log= --device=
nfsstat,showmount,rpcinfo | r | none | -aedcnlmpsv234 --all --exports --no-headers
exportfs | r | none | -vs
rpm2cpio,isoinfo,lsdiff | r | paths | -l -i=<
sestatus,getenforce,aa-status,aa-enabled | r | none | -vb --verbose --json
chronyc,ntpq | r | words | -nchpmat46
chronyc tracking,chronyc sources,chronyc sourcestats,chronyc activity,chronyc ntpdata,ntpq peers | r | text | -v
chage,faillog | r | text | -l= --list=
virsh,lxc,podman-compose,nomad,consul,vault | r | words | 
virsh list,virsh dominfo,virsh domstate,virsh nodeinfo,lxc list,lxc info,nomad status,consul members,vault status | r | text | --all --inactive --name --title
nginx | r | none | -vVtTqh -c=< -p= -g=!u -s=!c -e=>
sshd | r | none | -tTGq -f=< -C= -o=!u -p=
php-fpm,caddy,dnsmasq | u | text | 
named-checkconf | r | paths | -hvzjlc -t=!u
named-checkzone | r | text-paths | -hdjvqD -k= -m= -n= -r= -i= -o=>
systemd-detect-virt | r | none | -vcrq --vm --container --chroot --quiet
systemd-cgls | r | text | -alu --all --full --unit?= --no-pager
systemd-cgtop | r | text | -ptcmikPbrd= -n= -1 --batch --iterations= --delay= --order= --depth= --raw --recursive=
bootctl | r | words | --no-pager -p -x -R
bootctl -,bootctl status,bootctl list,bootctl is-installed | r | none | 
coredumpctl | r | words | --no-pager --no-legend -rq1n= -F= -S= -U= --since= --until= --reverse
coredumpctl -,coredumpctl list | r | text | 
busctl | r | words | --no-pager --no-legend --user --system -lq --acquired --unique --activatable --json=
busctl -,busctl list,busctl status,busctl tree,busctl introspect | r | text | 
pg_isready | r | none | -q -h= -p= -U= -d= -t= --host= --port= --username= --dbname= --timeout= --quiet
pg_lsclusters | r | none | -hjs --no-header --json --start-conf
atq | r | text | -V -q=
faillock | r | none | --user= --dir= --reset!d
varnishstat | r | none | -1jl -f= -n= -t=
ausearch,aureport | r | text | -abcdefghiklmnoprstuvwxy --input-logs --start= --end= --message= --pid= --user= --executable= --file= --host= --key= --success= --interpret --summary
subscription-manager | r | words | 
subscription-manager status,subscription-manager list,subscription-manager identity,subscription-manager version,subscription-manager facts | r | text | --installed --available --consumed --list
nmcli | r | words | -tpoceaw= -f= -g= -m= -s!d --terse --fields= --get-values= --mode= --pretty --colors= --escape= --overview --show-secrets!d
nmcli -,nmcli networking,nmcli device,nmcli dev,nmcli d,nmcli connection,nmcli con,nmcli c,nmcli general,nmcli g,nmcli radio | r | words | 
nmcli device -,nmcli device status,nmcli device show,nmcli dev -,nmcli dev status,nmcli dev show,nmcli d -,nmcli d status,nmcli d show,nmcli connection -,nmcli connection show,nmcli con -,nmcli con show,nmcli c -,nmcli c show,nmcli c s,nmcli general -,nmcli general status,nmcli general hostname,nmcli general permissions,nmcli g status,nmcli networking connectivity,nmcli radio - | r | text | --active --order=
mysqladmin,mariadb-admin | r | words | -u= -p?= -h= -P= -S= -sviw?= -c= -r --user= --password?= --host= --port= --socket= --silent --verbose --sleep= --count= --relative --vertical --connect-timeout= --wait?=
mysqladmin status,mysqladmin ping,mysqladmin version,mysqladmin processlist,mysqladmin extended-status,mariadb-admin status,mariadb-admin ping,mariadb-admin version,mariadb-admin processlist,mariadb-admin extended-status | r | text | 
ssh-keyscan | r | text | -46cDHv -p= -t= -T= -f=<
pm2 | r | words | -s --silent
pm2 list,pm2 ls,pm2 status,pm2 l | r | none | 
mountpoint | r | text | -qdx --quiet --nofollow
dmesg | r | none | -dDeHkLPqrStTuwxfl -l= -f= --human --level= --facility= --ctime --kernel --decode --nopager --reltime --color?= --since= --until= --follow --time-format= --json
lsb_release | R | none | -vidrcas --id --description --release --codename --all --short
utmpdump,logsave,bootlogd | u | text | 
more,pg | r | paths | -dflcpsu -n=
help | R | text | -dms
jobs,times,umask,ulimit,hash,shopt,dirs,caller | r | none | -aSHlprst
builtin-none | r | none | 
`);
