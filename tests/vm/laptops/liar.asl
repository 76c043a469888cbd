// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware that is broken or means harm: what gauge.asl's battery says goes
 * through LIES. Which lie it is, a trip point of the battery tells.
 */
DefinitionBlock ("", "SSDT", 2, "KVMFR", "LIAR", 1)
{
    External (\_SB.BAT0, DeviceObj)
    External (\_SB.BAT0._BIF, PkgObj)
    External (\_SB.PCI0.S10.RAIL, IntObj)

    Scope (\_SB)
    {
        Name (LIE, 10)
        Name (ODD, Zero)
        Name (DICE, 1)
        Name (DEAD, Zero)

        Method (FAIL, 0, Serialized)
        {
            Local0 = Zero
            Return (One / Local0)
        }

        // So many times the longest sleep that the kernel takes for one.
        Method (DOZE, 1)
        {
            Local0 = Arg0
            While (Local0)
            {
                Sleep (2000)
                Local0--
            }
        }

        Method (LIES, 1, Serialized)
        {
            Local0 = DerefOf (Arg0 [1])
            // mA at 12 V, and the kernel has been told.
            If (DerefOf (\_SB.BAT0._BIF [0]))
            {
                Local0 = Local0 / 12
            }
            Arg0 [1] = Local0

            Switch (LIE)
            {
                // Nobody knows.
                Case (11)
                {
                    Arg0 [1] = 0xFFFFFFFF
                }
                Case (12)
                {
                    Arg0 [1] = Zero
                }
                Case (13)
                {
                    Arg0 [1] = Zero - Local0
                }
                Case (14)
                {
                    Arg0 [1] = 0x7FFFFFFF
                }
                // Up to 100 W, whatever is drawn.
                Case (15)
                {
                    DICE = (DICE * 1103515245 + 12345) & 0x7FFFFFFF
                    Arg0 [1] = (DICE >> 8) % 100000
                }
                // Now mA and then mW, and the kernel is not told.
                Case (16)
                {
                    DICE = (DICE * 1103515245 + 12345) & 0x7FFFFFFF
                    If (!((DICE >> 16) % 8))
                    {
                        ODD ^= One
                    }
                    If (ODD)
                    {
                        Arg0 [1] = Local0 / 12
                    }
                }
                Case (17)
                {
                    FAIL ()
                }
                Case (18)
                {
                    Return (Package () { 1, 20000 })
                }
                Case (19)
                {
                    Return (Package () { "one", "a lot", Package () {},
                                         Buffer () { 1, 2, 3 } })
                }
                Case (20)
                {
                    Return ("twenty")
                }
                // Not discharging.
                Case (21)
                {
                    Arg0 [0] = Zero
                }
                Case (22)
                {
                    DOZE (2)
                }
                Case (23)
                {
                    DOZE (10)
                    FAIL ()
                }
                // In D3cold only.
                Case (24)
                {
                    If (!\_SB.PCI0.S10.RAIL)
                    {
                        FAIL ()
                    }
                }
            }
            Return (Arg0)
        }

        Method (TELL, 1, Serialized)
        {
            If (Arg0 >= 10 && Arg0 < 30)
            {
                LIE = Arg0
            }
            // slot.asl's resource does not come back, or does again.
            If (Arg0 == 4 || Arg0 == 5)
            {
                DEAD = (Arg0 == 4)
            }
            // From now on in mA, or in mW again.
            If (Arg0 == 3)
            {
                \_SB.BAT0._BIF [0] = One - DerefOf (\_SB.BAT0._BIF [0])
                Notify (\_SB.BAT0, 0x81)
            }
        }
    }
}
