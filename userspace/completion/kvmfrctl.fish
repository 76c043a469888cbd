# SPDX-License-Identifier: GPL-2.0
# Completion of kvmfrctl(8) for fish.

set -l commands status doctor size load unload resize power
set -l modes 1920x1080 2560x1080 2560x1440 3440x1440 3840x1600 3840x2160 5120x1440 5120x2160 7680x4320
set -l sizes 16 32 64 128 256 512 1024

# Names that libvirt knows; only root can see them.
function __kvmfrctl_domains
    for file in /etc/libvirt/qemu/*.xml
        string replace -r '.*/(.*)\.xml$' '$1' $file
    end
end

function __kvmfrctl_slots
    for slot in /sys/class/vfio_pm/*
        string replace -r '.*/' '' $slot
    end
end

complete -c kvmfrctl -f
complete -c kvmfrctl -l help -d 'Explain'
complete -c kvmfrctl -l usage -d 'Explain in short'
complete -c kvmfrctl -l version -d 'Print the version'

set -l none "not __fish_seen_subcommand_from $commands"
complete -c kvmfrctl -n $none -s r -l root -x -a '(__fish_complete_directories)' -d 'Look at the system below'
complete -c kvmfrctl -n $none -a status -d 'Show devices, who uses them, and GPU slots'
complete -c kvmfrctl -n $none -a doctor -d 'Say what is wrong, and what helps'
complete -c kvmfrctl -n $none -a size -d 'Say how large a device has to be for a picture'
complete -c kvmfrctl -n $none -a load -d 'Load kvmfr'
complete -c kvmfrctl -n $none -a unload -d 'Unload kvmfr, if nobody uses it'
complete -c kvmfrctl -n $none -a resize -d 'Load kvmfr again, with other sizes'
complete -c kvmfrctl -n $none -a power -d 'Watch, measure and report what GPU slots draw'

complete -c kvmfrctl -n '__fish_seen_subcommand_from status doctor size' -s j -l json -d 'Print JSON'
complete -c kvmfrctl -n '__fish_seen_subcommand_from status' -s w -l watch -d 'Show it again when it changes'

complete -c kvmfrctl -n '__fish_seen_subcommand_from doctor' -s f -l fix -d 'Do what can be taken back'
complete -c kvmfrctl -n '__fish_seen_subcommand_from doctor' -s y -l yes -d 'With --fix: do not ask'
complete -c kvmfrctl -n '__fish_seen_subcommand_from doctor' -s d -l domain -r -F -a '(__kvmfrctl_domains)' -d 'This virtual machine'
complete -c kvmfrctl -n '__fish_seen_subcommand_from doctor' -s m -l mode -x -a "$modes" -d 'A picture that has to fit'
complete -c kvmfrctl -n '__fish_seen_subcommand_from doctor' -s u -l user -x -a '(__fish_complete_users)' -d 'Who is going to look at it'

complete -c kvmfrctl -n '__fish_seen_subcommand_from size' -l hdr -d 'For HDR pictures'
complete -c kvmfrctl -n '__fish_seen_subcommand_from size' -l host -x -a 'b7 idd both' -d 'What sends the picture'
complete -c kvmfrctl -n '__fish_seen_subcommand_from size' -k -a "$modes"

complete -c kvmfrctl -n '__fish_seen_subcommand_from load resize' -k -a "$sizes" -d MiB
complete -c kvmfrctl -n '__fish_seen_subcommand_from resize' -l persist -d 'Also for the next boot'
complete -c kvmfrctl -n '__fish_seen_subcommand_from resize' -s n -l dry-run -d 'Say what would be done'
complete -c kvmfrctl -n '__fish_seen_subcommand_from resize' -l forget -d 'Take --persist back'

set -l power '__fish_seen_subcommand_from power'
set -l parts watch measure report
complete -c kvmfrctl -n "$power; and not __fish_seen_subcommand_from $parts" -a watch -d 'Watts and states as they change'
complete -c kvmfrctl -n "$power; and not __fish_seen_subcommand_from $parts" -a measure -d 'Compare D3cold with D3hot now'
complete -c kvmfrctl -n "$power; and not __fish_seen_subcommand_from $parts" -a report -d 'Verdict, times, energy saved, and a picture'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from $parts" -a '(__kvmfrctl_slots)'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from watch" -s i -l interval -x -d 'Between two samples'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from watch report" -s s -l seconds -x -d 'How long'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from watch" -s r -l record -r -F -d 'Add each sample to a file'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from report" -s j -l json -d 'Print JSON'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from report" -s o -l svg -r -F -d 'Draw watts and states'
complete -c kvmfrctl -n "$power; and __fish_seen_subcommand_from report" -s H -l history -r -F -d 'Of recorded samples'
