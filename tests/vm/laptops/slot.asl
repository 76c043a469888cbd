// SPDX-License-Identifier: GPL-2.0
/*
 * A graphics card's slot: a root port of QEMU's with a power resource. What a
 * laptop does differently is a definition (iasl -D):
 *
 *   PORT         the root port; QEMU names it by its devfn
 *   OFF_MW       what the card draws when its resource is off, in mW
 *   HOT_MW       and in D3hot
 *   NO_PR3       there is no power resource
 *   NO_S0W       the firmware does not consent to D3 of a hotplug port
 *   OFF_IGNORED  _OFF changes nothing, and _STA says so
 *   ON_IGNORED   the resource does not come back
 *   SHARED       another device needs the same resource
 */
#ifndef PORT
#define PORT \_SB.PCI0.S10
#endif
#ifndef OFF_MW
#define OFF_MW 0
#endif
#ifndef HOT_MW
#define HOT_MW 3000
#endif

DefinitionBlock ("", "SSDT", 2, "KVMFR", "SLOT", 1)
{
    External (PORT, DeviceObj)
    External (\_SB.TICK, MethodObj)
    External (\_SB.DEAD, IntObj)

    Scope (PORT)
    {
        Name (RAIL, One)
        Name (DEEP, Zero)

        // A gauge that averages has to know how long it was the old draw.
        Method (CHNG)
        {
            If (CondRefOf (\_SB.TICK))
            {
                \_SB.TICK ()
            }
        }

        Method (DRAW)
        {
            If (!RAIL)
            {
                Return (OFF_MW)
            }
            If (DEEP)
            {
                Return (HOT_MW)
            }
            Return (10000)
        }

        // What Linux calls for D3hot and D3cold alike, before _OFF.
        Method (_PS3)
        {
            CHNG ()
            DEEP = One
        }

        Method (_PS0)
        {
            CHNG ()
            DEEP = Zero
        }

#ifndef NO_S0W
        Name (_S0W, 4)
#endif

#ifndef NO_PR3
        PowerResource (PWRR, 0, 0)
        {
            Method (_STA)
            {
                Return (RAIL)
            }

            Method (_ON)
            {
#ifndef ON_IGNORED
                If (CondRefOf (\_SB.DEAD))
                {
                    If (\_SB.DEAD)
                    {
                        Return
                    }
                }
                CHNG ()
                RAIL = One
#endif
            }

            Method (_OFF)
            {
#ifndef OFF_IGNORED
                CHNG ()
                RAIL = Zero
#endif
            }
        }

        Name (_PR0, Package () { PWRR })
        Name (_PR2, Package () { PWRR })
        Name (_PR3, Package () { PWRR })
#endif

#ifdef SHARED
        Device (FAN0)
        {
            Name (_HID, "LNXT0001")
            Name (_PR0, Package () { PWRR })
        }
#endif
    }
}
